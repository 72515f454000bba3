import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { neverBlock } from '../component/terminal.ts';
import { visibleLines } from '../component/visible.ts';
import { within } from '../component/within.ts';

/** The output of a command for people, to a stream whose reader may be slow or go away. */
export class Output {
  readonly #stream: Writable;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    neverBlock(stream);
    stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  readonly write = (text: string): void => {
    if (this.#error === undefined) this.#stream.write(visibleLines(text));
  };

  /** Resolves when everything has been read or the reader is gone, at the latest after `millis` if given. */
  async flush(millis?: number): Promise<void> {
    // A write error arrives one turn later.
    await setImmediate();
    if (this.#error !== undefined || this.#stream.writableLength === 0) return;
    const done = new Promise<void>((resolve) => {
      this.#stream.once('close', () => resolve());
      this.#stream.write('', () => resolve());
    });
    await (millis === undefined ? done : within(millis, done));
  }

  /** Why output was lost, such as a full disk. A reader that goes away, such as `head`, is not an error. */
  get lost(): Error | undefined {
    return this.#error?.code === 'EPIPE' ? undefined : this.#error;
  }
}
