import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/batch.ts';
import { native, type Probe, type Row } from './probe.ts';
import type { RowAttributes } from './row_attributes.ts';

interface Seen {
  readonly attributes: AttributeSet;
  readonly isCall: boolean;
  packets: number;
  bytes: number;
}

/** The rows that are no array index, with what each was at the last read. */
export class EntryRows {
  readonly #probe: Probe;
  readonly #attributes: RowAttributes;
  readonly #maps: readonly ('attributes' | 'unlisted')[];
  readonly #byFunction: boolean;
  readonly #seen = new Map<string, Seen>();
  readonly #functions = new Map<bigint, string>();
  readonly #used = new Map<string, number>();

  constructor(probe: Probe, attributes: RowAttributes, { optIn, byFunction }: { optIn: boolean; byFunction: boolean }) {
    this.#probe = probe;
    this.#attributes = attributes;
    this.#maps = optIn || byFunction ? ['attributes', 'unlisted'] : ['unlisted'];
    this.#byFunction = byFunction;
  }

  /** Entries in use at the last read, by the name of the map. */
  get used(): ReadonlyMap<string, number> {
    return this.#used;
  }

  /** Appends what was added since the last read. */
  read(rows: DropRow[]): void {
    for (const map of this.#maps) {
      const entries = this.#probe.entries(map);
      this.#used.set(`dropreason_${map}`, entries.length);
      if (this.#byFunction) this.#resolve(entries);
      for (const entry of entries) this.#append(map, entry, rows);
    }
  }

  #append(map: string, entry: Row, rows: DropRow[]): void {
    const key = `${map} ${entry.reason} ${entry.direction} ${entry.family} ${entry.error} ${entry.protocol} ${entry.netns} ${entry.location} ${entry.interface}`;
    let seen = this.#seen.get(key);
    if (seen === undefined) {
      const attributes = this.#attributes.ofEntry(entry, this.#functions.get(entry.location) ?? '');
      seen = { attributes, isCall: this.#attributes.isCall(entry), packets: 0, bytes: 0 };
      this.#seen.set(key, seen);
    }
    if (entry.packets === seen.packets && entry.bytes === seen.bytes) return;
    rows.push({
      attributes: seen.attributes,
      drops: entry.packets - seen.packets,
      bytes: seen.isCall ? undefined : entry.bytes - seen.bytes,
    });
    seen.packets = entry.packets;
    seen.bytes = entry.bytes;
  }

  /** Names the functions of locations that weren't seen before; a reading of all symbols for each such read. */
  #resolve(entries: readonly Row[]): void {
    const unknown = [...new Set(entries.map((entry) => entry.location))].filter(
      (location) => location !== 0n && !this.#functions.has(location),
    );
    if (unknown.length === 0) return;
    const names = native().symbolsAt(unknown);
    unknown.forEach((location, i) => {
      this.#functions.set(location, names[i] ?? '');
    });
  }
}
