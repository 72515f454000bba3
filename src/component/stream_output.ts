import type { Writable } from 'node:stream';
import type { Output } from './output.ts';
import { neverBlock } from './terminal.ts';

/** What waits at most for a reader that is slow, in bytes. */
const MOST_WAITING = 1 << 20;

/** Writes to a stream: a pipe, a socket or a terminal. */
export class StreamOutput implements Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    neverBlock(stream);
    // Errors reach `done`; they come as events too, which would end the process if nobody listened.
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  }

  write(lines: string, done: (error: Error | undefined) => void): void {
    if (this.#stream.writableLength > MOST_WAITING) done(new Error('its reader is too slow'));
    else this.#stream.write(lines, (error) => done(error ?? undefined));
  }
}

function ignore(): void {}
