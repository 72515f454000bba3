import { setImmediate as turn } from 'node:timers/promises';
import type { AttributeSet } from '../../../pdata/attributes.ts';
import { type FlowKind, NO_ATTRIBUTES } from '../../../pdata/flow.ts';
import type { FlowColumns } from '../../../pdata/flow_columns.ts';
import { IpAddress } from '../../../pdata/ip_address.ts';
import { WordTable } from '../../../pdata/word_table.ts';
import type { Flows, Layout, Probe } from '../probe.ts';
import { InterfaceNames } from './interface_names.ts';
import type { NamespaceNames } from './namespaces.ts';
import type { Origins, Place } from './origins.ts';
import { type RowAttributes, type Told, TRANSPORTS } from './row_attributes.ts';

/** Flows that are decoded before the event loop has its turn: about a millisecond. */
const SLICE = 2048;

/** Rows that are remembered, of which there are hundreds, and addresses. */
const MOST_SEEN = 65_536;

/** Words of an address. */
const ADDRESS = 4;

/** What rows of the node flows are of. */
interface Seen {
  readonly attributes: AttributeSet;
  readonly isCall: boolean;
}

/** From the kernel's flows to columns. What many flows have in common is made once. */
export class FlowRows {
  readonly #layout: Layout;
  readonly #attributes: RowAttributes;
  readonly #origins: Origins;
  readonly #interfaces: InterfaceNames;
  readonly #namespaces: NamespaceNames;
  readonly #seen = new Map<number | string, Seen>();
  /** Addresses that were seen, by their number: most are seen again at the next read. */
  #addresses: (IpAddress | undefined)[] = [];
  #addressTable = new WordTable(ADDRESS);
  /** The words of a key that determine its kind: all except the addresses and the port. */
  readonly #kindWords: readonly number[];

  constructor(
    probe: Pick<Probe, 'interfaces'>,
    layout: Layout,
    attributes: RowAttributes,
    origins: Origins,
    namespaces: NamespaceNames,
  ) {
    this.#layout = layout;
    this.#attributes = attributes;
    this.#origins = origins;
    this.#interfaces = new InterfaceNames(probe);
    this.#namespaces = namespaces;
    const { flow } = layout;
    const [source, destination] = [flow.source >> 2, flow.destination >> 2];
    const isOf = (word: number, address: number) => word >= address && word < address + ADDRESS;
    const words = Array.from({ length: flow.bytes >> 2 }, (_, word) => word);
    this.#kindWords = words.filter((word) => !isOf(word, source) && !isOf(word, destination));
  }

  /** Yields to other work in between. */
  async decode(flows: Flows): Promise<FlowColumns> {
    const { count } = flows;
    const { flow: at } = this.#layout;
    const views = viewsOf(flows);
    const { words, halves, counts } = views;
    const kindTable = new WordTable(this.#kindWords.length);
    const kinds: FlowKind[] = [];
    const areCalls: boolean[] = [];
    const addresses: (IpAddress | undefined)[] = [];
    const columns = {
      kind: new Uint32Array(count),
      source: new Uint32Array(count),
      destination: new Uint32Array(count),
      port: new Uint16Array(count),
      drops: new Float64Array(count),
      bytes: new Float64Array(count),
    };
    this.#begin();
    /** Numbers of ends + 1 by the number of their address; 0: it is none of this read's yet. */
    const ends = new Uint32Array(this.#addresses.length + 2 * count);
    const endOf = (word: number) => {
      const number = this.#addressTable.numberOf(words, word);
      if (number === this.#addresses.length) this.#addresses.push(IpAddress.ofWords(words, word));
      if (ends[number] === 0) ends[number] = addresses.push(this.#addresses[number]);
      return (ends[number] as number) - 1;
    };
    for (let from = 0; from < count; from += SLICE) {
      const to = Math.min(from + SLICE, count);
      for (const { attributes, isCall, flow } of this.#kindsIn(views, { from, to, table: kindTable, into: columns.kind })) {
        kinds.push(this.#kind(views, flow, attributes));
        areCalls.push(isCall);
      }
      for (let flow = from; flow < to; flow++) {
        const base = flow * at.bytes;
        columns.source[flow] = endOf((base + at.source) >> 2);
        columns.destination[flow] = endOf((base + at.destination) >> 2);
        columns.port[flow] = halves[(base + at.port) >> 1] as number;
        columns.drops[flow] = numberAt(counts, 4 * flow);
        columns.bytes[flow] = areCalls[columns.kind[flow] as number] ? Number.NaN : numberAt(counts, 4 * flow + 2);
      }
      // After the last ones too: processors and exporters go over all flows in one turn.
      await turn();
    }
    return { length: count, kinds, addresses, who: addresses.map(() => NO_ATTRIBUTES), ...columns };
  }

  #begin(): void {
    this.#interfaces.begin();
    this.#namespaces.begin();
    // Modules come and go with the addresses of their functions.
    if (this.#seen.size > MOST_SEEN) this.#seen.clear();
    if (this.#addresses.length <= MOST_SEEN) return;
    this.#addresses = [];
    this.#addressTable = new WordTable(ADDRESS);
  }

  /**
   * Numbers the kinds of some flows. Returns what the new ones are of, each with a flow of that kind. Functions that are new are looked up
   * in one go, since that takes some 50 ms.
   */
  #kindsIn(views: Views, { from, to, table, into }: Numbering): (Seen & { readonly flow: number })[] {
    const { flow: at } = this.#layout;
    const [portWord, portMask] = [at.port >> 2, at.port % 4 === 0 ? 0xffff_0000 : 0xffff];
    const key = new Uint32Array(this.#kindWords.length);
    const fresh: { readonly flow: number; readonly key: number | string; readonly told: Told; readonly place: Place }[] = [];
    for (let flow = from; flow < to; flow++) {
      const base = flow * at.bytes;
      for (let index = 0; index < key.length; index++) {
        const word = this.#kindWords[index] as number;
        const value = views.words[(base >> 2) + word] as number;
        key[index] = word === portWord ? value & portMask : value;
      }
      const size = table.size;
      const number = table.numberOf(key, 0);
      into[flow] = number;
      if (number !== size) continue;
      const told = this.#toldBy(views, base);
      fresh.push({ flow, key: this.#keyOf(told, views.words, base), told, place: this.#placeOf(views.words, base) });
    }
    const unknown = fresh.filter((each) => !this.#seen.has(each.key));
    if (unknown.length > 0) this.#origins.learn(unknown.map(({ place }) => place));
    return fresh.map(({ flow, key: seenKey, told, place }) => ({ ...this.#seenAs(seenKey, told, place), flow }));
  }

  #seenAs(key: number | string, told: Told, place: Place): Seen {
    let seen = this.#seen.get(key);
    if (seen === undefined) {
      seen = { attributes: this.#attributes.ofFlow(told, this.#origins.of(place)), isCall: this.#attributes.isCall(told) };
      this.#seen.set(key, seen);
    }
    return seen;
  }

  #kind({ words, halves }: Views, flow: number, attributes: AttributeSet): FlowKind {
    const { flow: at } = this.#layout;
    const base = flow * at.bytes;
    const netns = words[(base + at.netns) >> 2] as number;
    const cookie = numberAt(words, (base + at.cookie) >> 2);
    const protocol = halves[(base + at.protocol) >> 1] as number;
    return {
      attributes,
      transport: protocol === this.#layout.noProtocol ? '' : (TRANSPORTS[protocol] ?? String(protocol)),
      interface: this.#interfaces.of({ netns, cookie, ifindex: words[(base + at.ifindex) >> 2] as number }),
      netns,
      netnsCookie: cookie,
      netnsName: this.#namespaces.of({ netns, cookie }),
    };
  }

  #toldBy({ words, halves, bytes }: Views, base: number): Told {
    const { flow: at } = this.#layout;
    return {
      reason: words[(base + at.reason) >> 2] as number,
      error: halves[(base + at.error) >> 1] as number,
      direction: bytes[base + at.direction] as number,
      family: bytes[base + at.family] as number,
      unconfirmed: bytes[base + at.unconfirmed] !== 0,
    };
  }

  /** A number if the key has no location of the free, which is almost always the case. */
  #keyOf({ reason, error, direction, family, unconfirmed }: Told, words: Uint32Array, base: number): number | string {
    const { flow: at } = this.#layout;
    const [location, stack] = [(base + at.location) >> 2, (base + at.stack) >> 2];
    const key = reason * 0x10_0000 + error * 16 + direction * 4 + family;
    if (words[location] === 0 && words[location + 1] === 0 && words[stack] === 0 && words[stack + 1] === 0) return key;
    return `${key} ${words[location]} ${words[location + 1]} ${words[stack]} ${words[stack + 1]} ${unconfirmed}`;
  }

  #placeOf(words: Uint32Array, base: number): Place {
    const { flow: at } = this.#layout;
    return { location: bigintAt(words, (base + at.location) >> 2), stack: bigintAt(words, (base + at.stack) >> 2) };
  }
}

/** Flows whose kinds are numbered. */
interface Numbering {
  readonly from: number;
  readonly to: number;
  readonly table: WordTable;
  readonly into: Uint32Array;
}

/** The same memory by the sizes of what lies in it. */
interface Views {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  readonly counts: Uint32Array;
}

function viewsOf({ keys, counts }: Flows): Views {
  return {
    words: new Uint32Array(keys),
    halves: new Uint16Array(keys),
    bytes: new Uint8Array(keys),
    counts: new Uint32Array(counts),
  };
}

/** Exact up to 2^53. */
function numberAt(words: Uint32Array, low: number): number {
  return (words[low + 1] as number) * 0x1_0000_0000 + (words[low] as number);
}

function bigintAt(words: Uint32Array, low: number): bigint {
  return (BigInt(words[low + 1] as number) << 32n) | BigInt(words[low] as number);
}
