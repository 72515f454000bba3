import { addTo } from '../../pdata/sums.ts';

/** The number of separate entries. Memory is for twice as many. */
const MOST = 4096;

/** What was added to one thing since the last print. */
export interface Counted<T> {
  readonly item: T;
  drops: number;
  /** Undefined for failed calls. */
  bytes: number | undefined;
}

/** The most that was dropped of something since the last print, and how much there was besides. */
export interface Top<T> {
  /** Most drops first. */
  readonly rows: readonly Counted<T>[];
  /** How many more there are; undefined if some were summed. */
  readonly others: number | undefined;
  /** Drops of those. */
  readonly otherDrops: number;
}

/** Sums by key between two prints, in bounded memory: beyond the limit, the keys with the fewest drops are summed. */
export class Tally<T> {
  #entries = new Map<string, Counted<T>>();
  #merged = 0;
  #least = 0;

  /** `make` creates the entry of an unknown key. */
  add(key: string, make: () => T, drops: number, bytes: number | undefined): void {
    if (drops === 0) return;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      addTo(known, drops, bytes);
      return;
    }
    // After an overflow, skip entries no larger than the smallest one that was kept.
    if (drops <= this.#least) {
      this.#merged += drops;
      return;
    }
    if (this.#entries.size >= 2 * MOST) this.#merge();
    this.#entries.set(key, { item: make(), drops, bytes });
  }

  /** Returns the `most` entries with the most drops, and starts again. */
  take(most: number): Top<T> {
    const sorted = [...this.#entries.values()].sort((a, b) => b.drops - a.drops);
    const others = sorted.slice(most);
    const merged = this.#merged;
    this.#entries = new Map();
    this.#merged = 0;
    this.#least = 0;
    return {
      rows: sorted.slice(0, most),
      others: merged > 0 ? undefined : others.length,
      otherDrops: others.reduce((sum, { drops }) => sum + drops, merged),
    };
  }

  #merge(): void {
    const sorted = [...this.#entries].sort(([, a], [, b]) => b.drops - a.drops);
    for (const [, { drops }] of sorted.slice(MOST)) this.#merged += drops;
    this.#least = sorted[MOST - 1]?.[1].drops ?? 0;
    this.#entries = new Map(sorted.slice(0, MOST));
  }
}
