import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Output } from './output.ts';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
/** Appending is what lets logrotate's `copytruncate` work; a FIFO without a reader must not block the open. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
/** Reasons not to open a file that pass by themselves: a disk is full, a FIFO has no reader, too many files are open. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ENXIO', 'EMFILE', 'ENFILE']);
const NEWLINE = 10;

/** Writes to an open descriptor: at once, without a queue. */
export class DescriptorOutput implements Output {
  protected descriptor: number | undefined;
  /** The last line was cut off: the next one begins a line of its own. */
  #isTorn = false;

  constructor(descriptor: number | undefined) {
    this.descriptor = descriptor;
  }

  write(lines: string, done: (error: Error | undefined) => void): void {
    done(this.#write(Buffer.from(this.#isTorn ? `\n${lines}` : lines)));
  }

  /** For a subclass that can: opens what isn't open. */
  protected open(): number | undefined {
    return this.descriptor;
  }

  #write(bytes: Buffer): Error | undefined {
    let written = 0;
    try {
      const descriptor = this.open();
      if (descriptor === undefined) return new Error('it is not open');
      // A disk that is nearly full takes a part, and says why only when it is given the rest.
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      this.#isTorn = false;
      return undefined;
    } catch (error) {
      if (written > 0) this.#isTorn = bytes[written - 1] !== NEWLINE;
      return error as Error;
    }
  }
}

/** Appends to the file at a path, and makes it where it is missing. */
export class FileOutput extends DescriptorOutput {
  readonly #path: string;

  /** Throws where the file can't be opened, unless the reason is one that passes: then it is opened at a later write. */
  constructor(path: string) {
    super(undefined);
    this.#path = path;
    try {
      this.open();
    } catch (error) {
      if (!PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** Goes on in the file that is at the path now: the one that was open may have been renamed. Throws where it can't, and goes on in that one. */
  reopen(): void {
    const opened = openSync(this.#path, FLAGS, 0o666);
    this.close();
    this.descriptor = opened;
  }

  close(): void {
    const { descriptor } = this;
    this.descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  protected override open(): number {
    this.descriptor ??= openSync(this.#path, FLAGS, 0o666);
    return this.descriptor;
  }
}
