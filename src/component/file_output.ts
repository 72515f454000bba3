import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Output } from './output.ts';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
/** O_APPEND makes logrotate's `copytruncate` work. O_NONBLOCK: opening a FIFO without a reader must not block. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
/** Transient errors of open: the disk is full, a FIFO has no reader, too many files are open. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ENXIO', 'EMFILE', 'ENFILE']);
const NEWLINE = 10;

/** Writes to an open descriptor, at once and without a queue. */
export class DescriptorOutput implements Output {
  protected descriptor: number | undefined;
  /** The last line was truncated, so the next write starts with a newline. */
  #isTorn = false;

  constructor(descriptor: number | undefined) {
    this.descriptor = descriptor;
  }

  write(lines: string, done: (error: Error | undefined) => void): void {
    done(this.#write(Buffer.from(this.#isTorn ? `\n${lines}` : lines)));
  }

  /** Overridden by a subclass that can open its descriptor. */
  protected open(): number | undefined {
    return this.descriptor;
  }

  #write(bytes: Buffer): Error | undefined {
    let written = 0;
    try {
      const descriptor = this.open();
      if (descriptor === undefined) return new Error('it is not open');
      // A disk that is nearly full accepts a part. The next write returns the error.
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      this.#isTorn = false;
      return undefined;
    } catch (error) {
      if (written > 0) this.#isTorn = bytes[written - 1] !== NEWLINE;
      return error as Error;
    }
  }
}

/** Appends to the file at a path. Creates it if it is missing. */
export class FileOutput extends DescriptorOutput {
  readonly #path: string;

  /** Throws if the file can't be opened, unless the error is transient: then a later write opens it. */
  constructor(path: string) {
    super(undefined);
    this.#path = path;
    try {
      this.open();
    } catch (error) {
      if (!PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** Switches to the file that is at the path now, after a rename. If that fails, throws and keeps the open file. */
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
