import type { AttributeSet } from '../../../pdata/attributes.ts';
import type { Row } from '../probe.ts';

/** A series that may end, with the rows that it is the sum of. */
export interface EndingSeries {
  readonly attributes: AttributeSet;
  readonly ids: string[];
  /** When one of its rows last rose, by performance.now(). */
  roseMillis: number;
  /** Whether one of them takes room in the kernel's map. */
  live: boolean;
}

interface SeriesEndsOptions {
  /** A series ends that has not risen for so long; 0: only where room is needed. */
  readonly expirationMillis: number;
  /** Rows that may be: of the kernel's map, and of all that are kept. */
  readonly maxEntries: number;
}

/** So full the kernel's map is emptied: what comes before the next read finds room. */
const NEARLY_FULL = 0.75;

/** Which series with opt-in attributes end: those idle for long, and earlier if others need the room. */
export class SeriesEnds {
  readonly #options: SeriesEndsOptions;
  #wantsRoom = false;

  constructor(options: SeriesEndsOptions) {
    this.#options = options;
  }

  /** Whether the kernel's map should be emptied: it is nearly full, or has rows of series that are to end. As of the last choice. */
  get wantsRoom(): boolean {
    return this.#wantsRoom;
  }

  /** Those that end now: of the ones that are to end, all that have no row in the kernel's map. `rows`: all there are. */
  choose(
    series: readonly EndingSeries[],
    { rows, nowMillis }: { readonly rows: readonly Pick<Row, 'live'>[]; readonly nowMillis: number },
  ): EndingSeries[] {
    const { expirationMillis, maxEntries } = this.#options;
    const idle = (each: EndingSeries) => expirationMillis > 0 && nowMillis - each.roseMillis >= expirationMillis;
    const over = series.filter(idle);
    let left = rows.length - over.reduce((sum, { ids }) => sum + ids.length, 0);
    if (left > maxEntries) {
      const others = series.filter((each) => !idle(each)).toSorted((a, b) => a.roseMillis - b.roseMillis);
      for (const each of others) {
        if (left <= maxEntries) break;
        over.push(each);
        left -= each.ids.length;
      }
    }
    const live = rows.filter((row) => row.live).length;
    this.#wantsRoom = live >= NEARLY_FULL * maxEntries || over.some((each) => each.live);
    return over.filter((each) => !each.live);
  }
}
