import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/batch.ts';
import { readChain } from './call_chain.ts';
import type { Probe, Row } from './probe.ts';
import type { Progress } from './progress.ts';
import type { Origin, RowAttributes } from './row_attributes.ts';
import { SymbolNames } from './symbol_names.ts';

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
  /** Whether functions can be named. */
  readonly named: boolean;
  /** What was told before: nothing, where counting begins. */
  readonly told?: Progress['entries'];
}

/** The rows that are no array index, with what each was at the last read. Several rows may be published as one series. */
export class EntryRows {
  readonly #probe: Probe;
  readonly #attributes: RowAttributes;
  readonly #options: EntryRowsOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #told: Progress['entries'];
  readonly #symbols = new SymbolNames();
  readonly #used = new Map<string, number>();
  #rescued = 0;

  constructor(probe: Probe, attributes: RowAttributes, options: EntryRowsOptions) {
    this.#probe = probe;
    this.#attributes = attributes;
    this.#options = options;
    this.#told = options.told ?? new Map();
  }

  /** Entries in use at the last read, by the name of the map. */
  get used(): ReadonlyMap<string, number> {
    return this.#used;
  }

  /** How often the counting program was kept from counting and another one did it instead, as of the last read. */
  get rescued(): number {
    return this.#rescued;
  }

  /** Appends what was added since the last read; the rescued ones are read last. */
  read(rows: DropRow[]): void {
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
      for (const { entry, key } of fresh) this.#append(entry, key, rows);
    }
  }

  /** Gives new entries their attributes, with one look-up of symbols for all that they need. */
  #meet(entries: readonly { readonly entry: Row; readonly key: string; readonly isNew: boolean }[]): void {
    const fresh = entries.filter(({ isNew }) => isNew);
    if (fresh.length === 0) return;
    const stacks = fresh.some(({ entry }) => entry.stack !== 0n) ? this.#probe.stacks() : new Map<bigint, readonly bigint[]>();
    const chainOf = ({ stack }: Row) => stacks.get(stack)?.filter((address) => address !== 0n);
    if (this.#options.named) this.#symbols.learn(fresh.flatMap(({ entry }) => [entry.location, ...(chainOf(entry) ?? [])]));
    for (const { entry, key } of fresh) {
      const chain = chainOf(entry)?.map((address) => this.#symbols.of(address));
      const origin: Origin = {
        freedBy: this.#symbols.of(entry.location) || (chain?.[0] ?? ''),
        chain: chain === undefined ? undefined : readChain(chain),
      };
      const attributes = this.#attributes.ofEntry(entry, origin);
      this.#seen.set(key, { attributes, isCall: this.#attributes.isCall(entry) });
    }
  }

  #append({ packets, bytes }: Row, key: string, rows: DropRow[]): void {
    const seen = this.#seen.get(key);
    const told = this.#told.get(key) ?? { packets: 0, bytes: 0 };
    if (seen === undefined || (packets === told.packets && bytes === told.bytes)) return;
    rows.push({
      attributes: seen.attributes,
      drops: packets - told.packets,
      bytes: seen.isCall ? undefined : bytes - told.bytes,
    });
    this.#told.set(key, { packets, bytes });
  }
}

/** Every field that the kernel tells rows apart by. */
function keyOf(map: MapName, row: Row): string {
  const { reason, direction, family, error, protocol, netns, location, stack, unconfirmed, interface: device } = row;
  return `${map} ${reason} ${direction} ${family} ${error} ${protocol} ${netns} ${location} ${stack} ${unconfirmed} ${device}`;
}
