import type { Writable } from 'node:stream';
import type { Output } from './output.ts';
import { neverBlock } from './terminal.ts';

/** The most bytes that may wait for a slow reader. */
const MOST_WAITING = 1 << 20;

/** Writes to a stream: a pipe, a socket or a terminal. */
export class StreamOutput implements Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    neverBlock(stream);
    // Errors reach `done`. They are also emitted as events, which would end the process without a listener.
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  }

  write(lines: string, done: (error: Error | undefined) => void): void {
    if (this.#stream.writableLength > MOST_WAITING) done(new Error('its reader is too slow'));
    else this.#stream.write(lines, (error) => done(error ?? undefined));
  }
}

function ignore(): void {}
