import type { Labelled, PrometheusLabels } from './labels.ts';
import type { PieceWriter } from './piece_writer.ts';

/**
 * The labels of a metric's series as bytes, in the order of the series: written when a series is new, and copied at each scrape. They lie
 * outside of JavaScript's heap. Immutable, for a page may be half written when the next one begins.
 */
export class WrittenLabels {
  static readonly NONE = new WrittenLabels([], Buffer.alloc(0), new Uint32Array(1), new Set());

  readonly #attributes: readonly Labelled[];
  readonly #bytes: Buffer;
  /** The start of the nth series' labels, and the end of the last ones. */
  readonly #begins: Uint32Array;
  /** See {@link PrometheusLabels.write}. */
  readonly #inexact: ReadonlySet<Labelled>;

  private constructor(attributes: readonly Labelled[], bytes: Buffer, begins: Uint32Array, inexact: ReadonlySet<Labelled>) {
    this.#attributes = attributes;
    this.#bytes = bytes;
    this.#begins = begins;
    this.#inexact = inexact;
  }

  /** Whether different attributes among these surely have different labels; quick, for it compares no two of them. */
  get areExact(): boolean {
    return this.#inexact.size === 0;
  }

  /** Those of these series: of series that are here already the same bytes, and these very ones where none is new or gone. */
  with(attributes: readonly Labelled[], labels: PrometheusLabels): WrittenLabels {
    if (isSame(attributes, this.#attributes)) return this;
    const known = new Map(this.#attributes.map((each, index) => [each, index]));
    const inexact = new Set<Labelled>();
    const parts = attributes.map((each) => {
      const index = known.get(each);
      if (index !== undefined) {
        if (this.#inexact.has(each)) inexact.add(each);
        return this.#bytes.subarray(this.#begins[index], this.#begins[index + 1]);
      }
      const { text, exact } = labels.write(each);
      if (!exact) inexact.add(each);
      return Buffer.from(text);
    });
    const begins = new Uint32Array(attributes.length + 1);
    for (const [index, { length }] of parts.entries()) begins[index + 1] = (begins[index] as number) + length;
    const bytes = Buffer.allocUnsafeSlow(begins[attributes.length] as number);
    for (const [index, part] of parts.entries()) part.copy(bytes, begins[index]);
    return new WrittenLabels(attributes, bytes, begins, inexact);
  }

  /** Writes the labels of the nth series, in braces; nothing if it has none. */
  writeTo(writer: PieceWriter, index: number): void {
    writer.bytes(this.#bytes, this.#begins[index], this.#begins[index + 1]);
  }

  text(index: number): string {
    return this.#bytes.toString('utf8', this.#begins[index], this.#begins[index + 1]);
  }
}

function isSame(one: readonly Labelled[], other: readonly Labelled[]): boolean {
  return one === other || (one.length === other.length && one.every((each, index) => each === other[index]));
}
