import { setImmediate as turn } from 'node:timers/promises';
import type { AttributeSet } from '../../../pdata/attributes.ts';
import { type FlowEnd, type FlowRow, NO_ATTRIBUTES } from '../../../pdata/flow.ts';
import { type AddressKey, IpAddress, keyOfWords } from '../../../pdata/ip_address.ts';
import type { Flows, Layout, Probe } from '../probe.ts';
import { InterfaceNames } from './interface_names.ts';
import type { NamespaceNames } from './namespaces.ts';
import type { Origins, Place } from './origins.ts';
import { type RowAttributes, type Told, TRANSPORTS } from './row_attributes.ts';

/** Flows that are decoded before the event loop has its turn: some milliseconds. */
const SLICE = 4096;

/** Rows that are remembered; there are hundreds. */
const MOST_SEEN = 65_536;

const NOBODY: FlowEnd = { address: undefined, attributes: NO_ATTRIBUTES };

interface Seen {
  readonly attributes: AttributeSet;
  readonly isCall: boolean;
}

/** From the kernel's flows to rows. What many flows have in common is made once. */
export class FlowRows {
  readonly #layout: Layout;
  readonly #attributes: RowAttributes;
  readonly #origins: Origins;
  readonly #interfaces: InterfaceNames;
  readonly #namespaces: NamespaceNames;
  readonly #seen = new Map<number | string, Seen>();
  /** The ends of one read by their addresses: most flows of a read have one in common. */
  #ends = new Map<AddressKey, FlowEnd>();

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
  }

  /** A row for each flow; others run in between. */
  async decode(flows: Flows): Promise<FlowRow[]> {
    const rows: FlowRow[] = [];
    const words = new Uint32Array(flows.keys);
    const halves = new Uint16Array(flows.keys);
    const bytes = new Uint8Array(flows.keys);
    const counts = new Uint32Array(flows.counts);
    const views = { words, halves, bytes, counts };
    this.#ends = new Map();
    this.#interfaces.begin();
    this.#namespaces.begin();
    // Modules come and go with the addresses of their functions.
    if (this.#seen.size > MOST_SEEN) this.#seen.clear();
    for (let from = 0; from < flows.count; from += SLICE) {
      if (from > 0) await turn();
      const to = Math.min(from + SLICE, flows.count);
      const all = this.#seenIn(views, from, to);
      for (let flow = from; flow < to; flow++) rows.push(this.#row(views, flow, all[flow - from] as Seen));
    }
    this.#ends = new Map();
    return rows;
  }

  #row({ words, halves, counts }: Views, flow: number, { attributes, isCall }: Seen): FlowRow {
    const { flow: at } = this.#layout;
    const base = flow * at.bytes;
    const word = (offset: number) => words[(base + offset) >> 2] as number;
    const half = (offset: number) => halves[(base + offset) >> 1] as number;
    const namespace = { netns: word(at.netns), cookie: numberAt(words, (base + at.cookie) >> 2) };
    const protocol = half(at.protocol);
    return {
      attributes,
      source: this.#end(words, (base + at.source) >> 2),
      destination: this.#end(words, (base + at.destination) >> 2),
      transport: protocol === this.#layout.noProtocol ? '' : (TRANSPORTS[protocol] ?? String(protocol)),
      port: half(at.port),
      interface: this.#interfaces.of({ ...namespace, ifindex: word(at.ifindex) }),
      netns: namespace.netns,
      netnsCookie: namespace.cookie,
      netnsName: this.#namespaces.of(namespace),
      drops: numberAt(counts, 4 * flow),
      bytes: isCall ? undefined : numberAt(counts, 4 * flow + 2),
    };
  }

  #end(words: Uint32Array, at: number): FlowEnd {
    const key = keyOfWords(words, at);
    if (key === undefined) return NOBODY;
    let end = this.#ends.get(key);
    if (end === undefined) {
      end = { address: IpAddress.ofKey(key), attributes: NO_ATTRIBUTES };
      this.#ends.set(key, end);
    }
    return end;
  }

  /** What the flows of a slice are of. Functions that are new are looked up in one go, since that takes some 50 ms. */
  #seenIn(views: Views, from: number, to: number): Seen[] {
    const keys: (number | string)[] = [];
    const fresh = new Map<number | string, { readonly told: Told; readonly place: Place }>();
    for (let flow = from; flow < to; flow++) {
      const base = flow * this.#layout.flow.bytes;
      const told = this.#toldBy(views, base);
      const key = this.#keyOf(told, views.words, base);
      keys.push(key);
      if (!this.#seen.has(key) && !fresh.has(key)) fresh.set(key, { told, place: this.#placeOf(views.words, base) });
    }
    if (fresh.size > 0) this.#origins.learn([...fresh.values()].map(({ place }) => place));
    for (const [key, { told, place }] of fresh) {
      const attributes = this.#attributes.ofFlow(told, this.#origins.of(place));
      this.#seen.set(key, { attributes, isCall: this.#attributes.isCall(told) });
    }
    return keys.map((key) => this.#seen.get(key) as Seen);
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

  /** A number where the place of the free is not part of the key, which is all but always so. */
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

/** The same memory by the sizes of what lies in it. */
interface Views {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  readonly counts: Uint32Array;
}

/** Exact up to 2^53. */
function numberAt(words: Uint32Array, low: number): number {
  return (words[low + 1] as number) * 0x1_0000_0000 + (words[low] as number);
}

function bigintAt(words: Uint32Array, low: number): bigint {
  return (BigInt(words[low + 1] as number) << 32n) | BigInt(words[low] as number);
}
