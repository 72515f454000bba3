import { BoundedText } from './bounded_text.ts';
import { ApiFailure } from './failure.ts';
import type { Limits } from './limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Open brackets between the objects of `items`. */
const ITEMS_DEPTH = 2;
/** The start of `items`, key and bracket, at the end of the text read so far. */
const ITEMS = /"items"\s*:\s*\[$/;
const ITEMS_BYTES = 32;

/**
 * Splits the JSON of a list into its objects while it arrives. Each object is parsed as soon as its last byte has arrived, so memory holds
 * one object instead of a page. The rest of the list is parsed at the end. See docs/adr/0015.
 */
export class ListSplitter {
  readonly #limits: Limits;
  readonly #item: (object: unknown) => void;
  /** Everything except the objects: the list with empty `items`. */
  readonly #around: BoundedText;
  readonly #object: BoundedText;
  #part: 'around' | 'between' | 'object' = 'around';
  #bytes = 0;
  #depth = 0;
  #isInString = false;
  /** Whether the next character of the string is escaped by a backslash. */
  #isEscaped = false;

  constructor(limits: Limits, item: (object: unknown) => void) {
    this.#limits = limits;
    this.#item = item;
    this.#around = new BoundedText(limits, 'the metadata of a list');
    this.#object = new BoundedText(limits, 'an object');
  }

  /** @throws ApiFailure if this is not a list of objects, or exceeds the limits. */
  write(chunk: Buffer): void {
    const { max_page_bytes: most } = this.#limits;
    this.#bytes += chunk.length;
    if (this.#bytes > most) throw new ApiFailure('too_large', `a page has more than ${most} bytes (limits::max_page_bytes)`);
    /** The first byte that is not stored yet. */
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#endOfString(chunk, at);
        continue;
      }
      const byte = chunk[at++] as number;
      if (this.#part === 'between') {
        from = at - 1;
        if (byte === OPEN_BRACE) this.#part = 'object';
        else if (byte === CLOSE_BRACKET) this.#part = 'around';
        else if (byte !== COMMA && !isSpace(byte)) throw noList();
        this.#nest(byte);
      } else {
        this.#nest(byte);
        if (this.#depth !== ITEMS_DEPTH) continue;
        if (this.#part === 'object') {
          this.#object.add(chunk.subarray(from, at));
          this.#part = 'between';
          this.#item(parse(this.#object.take()));
        } else if (byte === OPEN_BRACKET) {
          this.#around.add(chunk.subarray(from, at));
          from = at;
          if (ITEMS.test(this.#around.end(ITEMS_BYTES))) this.#part = 'between';
        }
      }
    }
    if (this.#part === 'object') this.#object.add(chunk.subarray(from));
    else if (this.#part === 'around') this.#around.add(chunk.subarray(from));
  }

  /**
   * The list without its objects.
   *
   * @throws ApiFailure if it is incomplete.
   */
  end(): unknown {
    if (this.#depth > 0) throw new ApiFailure('broken', 'the response ends within the list');
    return parse(this.#around.take());
  }

  #nest(byte: number): void {
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
  }

  /** The position to continue at: after the closing quote, or the end of the chunk. */
  #endOfString(chunk: Buffer, start: number): number {
    let at = start;
    for (;;) {
      const quote = chunk.indexOf(QUOTE, at);
      const end = quote === -1 ? chunk.length : quote;
      let first = end;
      while (first > at && chunk[first - 1] === BACKSLASH) first -= 1;
      const before = first === at && this.#isEscaped ? 1 : 0;
      const isEscaped = (end - first + before) % 2 === 1;
      this.#isEscaped = quote === -1 && isEscaped;
      if (quote === -1) return end;
      at = quote + 1;
      if (isEscaped) continue;
      this.#isInString = false;
      return at;
    }
  }
}

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const noList = () => new ApiFailure('broken', 'the response is not a list of Kubernetes objects');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noList();
  }
}
