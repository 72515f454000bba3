import { ApiFailure } from './failure.ts';
import type { Limits } from './limits.ts';

const FIRST_BYTES = 16_384;

/** The text of one JSON value that arrives in pieces, up to the size limit of an object. Small pieces need no extra memory. */
export class BoundedText {
  readonly #most: number;
  /** Its name in errors, such as `an object`. */
  readonly #what: string;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  constructor({ max_object_bytes: most }: Limits, what: string) {
    this.#most = most;
    this.#what = what;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** @throws ApiFailure if the text gets too long. */
  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#most) {
      throw new ApiFailure('too_large', `${this.#what} has more than ${this.#most} bytes (limits::max_object_bytes)`);
    }
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** The last `bytes` bytes. */
  end(bytes: number): string {
    return this.#bytes.toString('latin1', Math.max(0, this.#length - bytes), this.#length);
  }

  /** Returns all of it, and leaves it empty. */
  take(): string {
    const text = this.#bytes.toString('utf8', 0, this.#length);
    this.#length = 0;
    // Don't keep the large buffer for later texts.
    if (this.#bytes.length > 4 * FIRST_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    return text;
  }
}
