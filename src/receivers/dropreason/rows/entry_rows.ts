import type { AttributeSet } from '../../../pdata/attributes.ts';
import type { DropRow } from '../../../pdata/drop_row.ts';
import type { Probe, Row } from '../probe.ts';
import type { Origins } from './origins.ts';
import type { Progress } from './progress.ts';
import type { RowAttributes } from './row_attributes.ts';
import type { EndingSeries, SeriesEnds } from './series_ends.ts';

type MapName = 'attributes' | 'unlisted' | 'rescued';

interface Seen {
  readonly attributes: AttributeSet;
  readonly isCall: boolean;
  /** When it last rose, by performance.now(). */
  roseMillis: number;
}

interface EntryRowsOptions {
  /** The reason under which the map of rescued drops has their number. */
  readonly rescuedReason: number;
  /** Those that the programs may write to. */
  readonly maps: readonly MapName[];
  readonly origins: Origins;
  /** Which series end; none by default. */
  readonly ends?: SeriesEnds;
  /** What was reported before; nothing at the start of counting. */
  readonly told?: Progress['entries'];
  readonly toldOverflow?: Progress['entries'];
}

/** The rows that are no array index, with what each was at the last read. Several rows may be published as one series. */
export class EntryRows {
  readonly #probe: Probe;
  readonly #attributes: RowAttributes;
  readonly #options: EntryRowsOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #told: Progress['entries'];
  readonly #toldOverflow: Progress['entries'];
  readonly #used = new Map<string, number>();
  #rescued = 0;

  constructor(probe: Probe, attributes: RowAttributes, options: EntryRowsOptions) {
    this.#probe = probe;
    this.#attributes = attributes;
    this.#options = options;
    this.#told = options.told ?? new Map();
    this.#toldOverflow = options.toldOverflow ?? new Map();
  }

  /** Entries in use at the last read, by the name of the map. */
  get used(): ReadonlyMap<string, number> {
    return this.#used;
  }

  /** How often the counting program was kept from counting and another one did it instead, as of the last read. */
  get rescued(): number {
    return this.#rescued;
  }

  /**
   * Appends what was added since the last read, and the part whose flow did not fit in the map. The rescued rows are read last. Appends to
   * `ended` the series that end after that. `mayEnd` is false during a drain.
   */
  read(rows: DropRow[], overflow: DropRow[] = [], ended: AttributeSet[] = [], { nowMillis = 0, mayEnd = true } = {}): void {
    for (const map of this.#options.maps) {
      const entries = this.#probe.entries(map).filter((entry) => {
        const isNumber = map === 'rescued' && entry.reason === this.#options.rescuedReason;
        if (isNumber) this.#rescued = entry.packets;
        return !isNumber;
      });
      this.#used.set(`dropreason_${map}`, entries.length);
      this.#meet(entries, nowMillis);
      for (const entry of entries) {
        const seen = this.#seen.get(entry.id) as Seen;
        if (append(seen, this.#told, entry, entry, rows)) seen.roseMillis = nowMillis;
        append(seen, this.#toldOverflow, entry, { packets: entry.overflowPackets, bytes: entry.overflowBytes }, overflow);
      }
      if (map === 'attributes' && mayEnd) this.#end(entries, ended, nowMillis);
    }
  }

  /** Gives new entries their attributes, with one look-up of symbols for all that they need. */
  #meet(entries: readonly Row[], nowMillis: number): void {
    const fresh = entries.filter(({ id }) => !this.#seen.has(id));
    if (fresh.length === 0) return;
    this.#options.origins.learn(fresh);
    for (const entry of fresh) {
      const attributes = this.#attributes.ofEntry(entry, this.#options.origins.of(entry));
      this.#seen.set(entry.id, { attributes, isCall: this.#attributes.isCall(entry), roseMillis: nowMillis });
    }
  }

  #end(entries: readonly Row[], ended: AttributeSet[], nowMillis: number): void {
    const { ends } = this.#options;
    if (ends === undefined) return;
    const series = new Map<string, EndingSeries>();
    for (const { id, live } of entries) {
      const { attributes, roseMillis } = this.#seen.get(id) as Seen;
      if (!this.#attributes.mayEnd(attributes)) continue;
      const known = series.get(attributes.key) ?? { attributes, ids: [], roseMillis: 0, live: false };
      known.ids.push(id);
      known.roseMillis = Math.max(known.roseMillis, roseMillis);
      known.live ||= live;
      series.set(attributes.key, known);
    }
    const over = ends.choose([...series.values()], { rows: entries, nowMillis });
    if (over.length === 0) return;
    const ids = over.flatMap((each) => each.ids);
    this.#probe.endRows(ids);
    for (const id of ids) {
      for (const known of [this.#seen, this.#told, this.#toldOverflow]) known.delete(id);
    }
    for (const { attributes } of over) ended.push(attributes);
  }
}

/** Whether there was something to append. */
function append(
  seen: Seen,
  known: Progress['entries'],
  { id, sinceMillis }: Row,
  { packets, bytes }: Pick<Row, 'packets' | 'bytes'>,
  rows: DropRow[],
): boolean {
  const told = known.get(id) ?? { packets: 0, bytes: 0 };
  if (packets === told.packets && bytes === told.bytes) return false;
  rows.push({
    attributes: seen.attributes,
    drops: packets - told.packets,
    bytes: seen.isCall ? undefined : bytes - told.bytes,
    sinceMillis,
  });
  known.set(id, { packets, bytes });
  return true;
}
