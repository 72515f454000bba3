/** Bytes of a piece, about. */
const PIECE = 131_072;
const SPACE = 32;
const NEWLINE = 10;
const ZERO = 48;
/** No number is longer. */
const MOST_DIGITS = 32;

/**
 * Writes text into memory that is used again: each of two buffers in turn, so that one can be compressed while the other is written.
 * What {@link take} returns is valid until the next call but one.
 */
export class PieceWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(PIECE + PIECE / 8);
  #other: Buffer | undefined;
  #at = 0;

  /** Whether a piece is to be taken. */
  get isFull(): boolean {
    return this.#at >= PIECE;
  }

  get isEmpty(): boolean {
    return this.#at === 0;
  }

  text(text: string): void {
    this.#reserve(3 * text.length);
    this.#at += this.#buffer.write(text, this.#at);
  }

  bytes(bytes: Buffer, from = 0, to = bytes.length): void {
    this.#reserve(to - from);
    this.#at += bytes.copy(this.#buffer, this.#at, from, to);
  }

  number(value: number): void {
    if (!(value >= 0 && value <= 0x7fff_ffff) || !Number.isInteger(value)) {
      this.text(numberText(value));
      return;
    }
    this.#reserve(MOST_DIGITS);
    const buffer = this.#buffer;
    let [left, length] = [value | 0, 1];
    for (let power = 10; power <= left; power *= 10) length++;
    for (let at = this.#at + length - 1; at >= this.#at; at--) {
      const tenth = (left / 10) | 0;
      buffer[at] = ZERO + left - 10 * tenth;
      left = tenth;
    }
    this.#at += length;
  }

  space(): void {
    this.#byte(SPACE);
  }

  newline(): void {
    this.#byte(NEWLINE);
  }

  /** What was written since the last call. */
  take(): Buffer {
    const piece = this.#buffer.subarray(0, this.#at);
    const next = this.#other ?? Buffer.allocUnsafeSlow(PIECE + PIECE / 8);
    this.#other = this.#buffer;
    this.#buffer = next;
    this.#at = 0;
    return piece;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = byte;
  }

  /** A line may be of any length. */
  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** A number as JavaScript writes it; an infinity as Go does. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
