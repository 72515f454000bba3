import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/drop_row.ts';

/** What a read brought of one series. */
export interface Candidate {
  /** Tells series apart. */
  readonly key: string;
  readonly drops: number;
  readonly bytes: number | undefined;
  /** Called if the series is new. */
  attributes(): AttributeSet;
}

interface Known {
  readonly attributes: AttributeSet;
  /** When drops were last added, by performance.now(). */
  risenMillis: number;
}

export interface Bounds {
  readonly maxSeries: number;
  /** A series ends when nothing has been added for so long, in milliseconds. */
  readonly expirationMillis: number;
}

/** What becomes of the candidates of a read. */
export interface Admitted<C extends Candidate> {
  readonly rows: DropRow[];
  /** Candidates that there is no room for. */
  readonly beyond: C[];
  /** Series that have ended. */
  readonly ended: AttributeSet[];
}

/** A series may lose its place to a busy one after so long without drops, in milliseconds: exporters have had time to publish it. */
const LEAST_IDLE_MILLIS = 30_000;

/**
 * The series that there are, the idlest first. Nothing is forgotten before its time while there is room. Where there is none, new
 * series take the places of idle ones: first those that the read brought the most drops of.
 */
export class SeriesTable {
  readonly #known = new Map<string, Known>();

  get size(): number {
    return this.#known.size;
  }

  /** `nowMillis`: by performance.now(). */
  admit<C extends Candidate>(candidates: Iterable<C>, nowMillis: number, bounds: Bounds): Admitted<C> {
    const rows: DropRow[] = [];
    const unknown: C[] = [];
    for (const candidate of candidates) {
      const known = this.#known.get(candidate.key);
      if (known === undefined) unknown.push(candidate);
      else rows.push(this.#rise(known, candidate, nowMillis));
    }
    const ended = this.#expire(nowMillis - bounds.expirationMillis);
    this.#shrink(bounds.maxSeries, ended);
    unknown.sort((a, b) => b.drops - a.drops);
    const idleSince = nowMillis - Math.min(LEAST_IDLE_MILLIS, bounds.expirationMillis);
    const beyond = unknown.filter((candidate) => {
      if (this.#known.size >= bounds.maxSeries && !this.#makeRoom(idleSince, ended)) return true;
      rows.push(this.#rise({ attributes: candidate.attributes(), risenMillis: 0 }, candidate, nowMillis));
      return false;
    });
    return { rows, beyond, ended };
  }

  /** Puts a series at the end of the line. */
  #rise(known: Known, { key, drops, bytes }: Candidate, nowMillis: number): DropRow {
    known.risenMillis = nowMillis;
    this.#known.delete(key);
    this.#known.set(key, known);
    return { attributes: known.attributes, drops, bytes };
  }

  #expire(idleSinceMillis: number): AttributeSet[] {
    const ended: AttributeSet[] = [];
    while (this.#makeRoom(idleSinceMillis, ended)) {}
    return ended;
  }

  /** A reload may have lowered the bound. */
  #shrink(maxSeries: number, ended: AttributeSet[]): void {
    while (this.#known.size > maxSeries && this.#makeRoom(Number.POSITIVE_INFINITY, ended)) {}
  }

  /** Ends the idlest series, if it has been so since then. Whether it has. */
  #makeRoom(idleSinceMillis: number, ended: AttributeSet[]): boolean {
    const [first] = this.#known;
    if (first === undefined || first[1].risenMillis > idleSinceMillis) return false;
    const [key, { attributes }] = first;
    this.#known.delete(key);
    ended.push(attributes);
    return true;
  }
}
