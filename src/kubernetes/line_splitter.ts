import { BoundedText } from './bounded_text.ts';
import { ApiFailure } from './failure.ts';
import type { Limits } from './limits.ts';

const NEWLINE = 0x0a;

/** Splits the body of a watch into events, one line of JSON each. */
export class LineSplitter {
  readonly #line: BoundedText;
  readonly #event: (event: unknown) => void;

  constructor(limits: Limits, event: (event: unknown) => void) {
    this.#line = new BoundedText(limits, 'an event');
    this.#event = event;
  }

  /** @throws ApiFailure if a line is not JSON or exceeds the limits. */
  write(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#line.add(chunk.subarray(from, end));
      from = end + 1;
      this.#finish();
    }
    this.#line.add(chunk.subarray(from));
  }

  /** @throws ApiFailure if the body ends within an event. */
  end(): void {
    if (!this.#line.isEmpty && this.#line.take().trim() !== '') {
      throw new ApiFailure('broken', 'the watch ends within an event');
    }
  }

  #finish(): void {
    const text = this.#line.take();
    if (text.trim() === '') return;
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch {
      throw new ApiFailure('broken', 'a watch event is not JSON');
    }
    this.#event(event);
  }
}
