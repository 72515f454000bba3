import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/batch.ts';
import type { Origins } from './origins.ts';
import type { Probe, Row } from './probe.ts';
import type { Progress } from './progress.ts';
import type { RowAttributes } from './row_attributes.ts';

type MapName = 'attributes' | 'unlisted' | 'rescued';

interface Seen {
  readonly attributes: AttributeSet;
  readonly isCall: boolean;
}

interface EntryRowsOptions {
  /** The reason under which the map of rescued drops has their number. */
  readonly rescuedReason: number;
  /** Those that the programs may write to. */
  readonly maps: readonly MapName[];
  readonly origins: Origins;
  /** What was told before: nothing, where counting begins. */
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

  /** Appends what was added since the last read, and what of that had no room among the flows; the rescued ones are read last. */
  read(rows: DropRow[], overflow: DropRow[] = []): void {
    for (const map of this.#options.maps) {
      const entries = this.#probe.entries(map);
      this.#used.set(`dropreason_${map}`, entries.length);
      const fresh = entries.flatMap((entry) => {
        if (map === 'rescued' && entry.reason === this.#options.rescuedReason) {
          this.#rescued = entry.packets;
          return [];
        }
        const key = keyOf(map, entry);
        return [{ entry, key, isNew: !this.#seen.has(key) }];
      });
      this.#meet(fresh);
      for (const { entry, key } of fresh) {
        append(this.#seen.get(key), this.#told, key, entry, rows);
        append(
          this.#seen.get(key),
          this.#toldOverflow,
          key,
          { packets: entry.overflowPackets, bytes: entry.overflowBytes },
          overflow,
        );
      }
    }
  }

  /** Gives new entries their attributes, with one look-up of symbols for all that they need. */
  #meet(entries: readonly { readonly entry: Row; readonly key: string; readonly isNew: boolean }[]): void {
    const fresh = entries.filter(({ isNew }) => isNew);
    if (fresh.length === 0) return;
    this.#options.origins.learn(fresh.map(({ entry }) => entry));
    for (const { entry, key } of fresh) {
      const attributes = this.#attributes.ofEntry(entry, this.#options.origins.of(entry));
      this.#seen.set(key, { attributes, isCall: this.#attributes.isCall(entry) });
    }
  }
}

function append(
  seen: Seen | undefined,
  known: Progress['entries'],
  key: string,
  { packets, bytes }: Pick<Row, 'packets' | 'bytes'>,
  rows: DropRow[],
): void {
  const told = known.get(key) ?? { packets: 0, bytes: 0 };
  if (seen === undefined || (packets === told.packets && bytes === told.bytes)) return;
  rows.push({
    attributes: seen.attributes,
    drops: packets - told.packets,
    bytes: seen.isCall ? undefined : bytes - told.bytes,
  });
  known.set(key, { packets, bytes });
}

/** Every field that the kernel tells rows apart by. */
function keyOf(map: MapName, row: Row): string {
  const { reason, direction, family, error, protocol, netns, location, stack, unconfirmed, interface: device } = row;
  return `${map} ${reason} ${direction} ${family} ${error} ${protocol} ${netns} ${location} ${stack} ${unconfirmed} ${device}`;
}
