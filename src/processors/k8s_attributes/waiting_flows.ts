import type { AttributeSet } from '../../pdata/attributes.ts';
import type { FlowEnd, FlowRow } from '../../pdata/flow.ts';
import type { AddressKey } from '../../pdata/ip_address.ts';
import type { Claim } from './cluster/pods.ts';

/** Flows that may wait at a time; about 45 MB where they are all different. */
export const MOST_WAITING = 65_536;
/** Flows that come within so many milliseconds of one another wait as one, where they are equal. */
const SLOT_MILLIS = 1_000;

/** A flow that waits; who its ends are is undefined as long as that isn't known. */
interface Waiting {
  readonly flow: FlowRow;
  source: AttributeSet | undefined;
  destination: AttributeSet | undefined;
  drops: number;
  bytes: number | undefined;
}

interface Slot {
  readonly dueMillis: number;
  /** When the read before the first of its flows was made. */
  readonly sinceMillis: number;
  readonly flows: Map<string, Waiting>;
}

export interface WaitingOptions {
  readonly timeoutMillis: number;
  readonly most?: number;
  /** What a pod shows that has taken an address. */
  describe(claim: Claim): AttributeSet;
  /** What is said of an end whose time is over; `at` is the flow where the end is its destination. */
  finally(end: FlowEnd, at: FlowRow | undefined, waitedMillis: number): AttributeSet;
}

/** Flows of which an end isn't known yet, until a pod has taken its address, or their time is over. */
export class WaitingFlows {
  readonly #options: WaitingOptions;
  readonly #most: number;
  /** In the order of `dueMillis`. */
  readonly #slots: Slot[] = [];
  #size = 0;
  /** When the read before that of the flows that are added now was made, in milliseconds since the epoch. */
  sinceMillis = 0;
  /** The {@link sinceMillis} of the oldest flow of the last {@link take}. */
  takenSinceMillis = 0;
  /** The first pods that took an address since the last {@link take}, while something waited: they may be gone by then. */
  readonly #arrived = new Map<AddressKey, Claim>();
  readonly #ids = new Map<AttributeSet, number>();

  constructor(options: WaitingOptions) {
    this.#options = options;
    this.#most = options.most ?? MOST_WAITING;
  }

  get size(): number {
    return this.#size;
  }

  /** A pod has taken an address. */
  arrived(claim: Claim): void {
    if (this.#size > 0 && !this.#arrived.has(claim.key)) this.#arrived.set(claim.key, claim);
  }

  /** Has a flow wait whose end isn't known where the set is undefined; false where too many do. */
  add(flow: FlowRow, source: AttributeSet | undefined, destination: AttributeSet | undefined, nowMillis: number): boolean {
    const { flows } = this.#slot(nowMillis);
    const key = this.#keyOf(flow);
    const known = flows.get(key);
    if (known !== undefined) {
      known.drops += flow.drops;
      if (flow.bytes !== undefined) known.bytes = (known.bytes ?? 0) + flow.bytes;
      return true;
    }
    if (this.#size >= this.#most) return false;
    this.#size++;
    flows.set(key, { flow, source, destination, drops: flow.drops, bytes: flow.bytes });
    return true;
  }

  /** Takes out the flows whose ends are known by now, and those whose time is over; all of them with `everything`. */
  take(nowMillis: number, everything = false): FlowRow[] {
    const taken: FlowRow[] = [];
    for (const { dueMillis, sinceMillis, flows } of this.#slots) {
      const before = taken.length;
      if (everything || dueMillis <= nowMillis) {
        // Of the last flow that came into it.
        const waited = Math.max(0, nowMillis - dueMillis + this.#options.timeoutMillis);
        for (const waiting of flows.values()) taken.push(this.#finish(this.#meet(waiting), waited));
        flows.clear();
      } else if (this.#arrived.size > 0) {
        for (const [key, waiting] of flows) {
          const { source, destination } = this.#meet(waiting);
          if (source === undefined || destination === undefined) continue;
          taken.push(this.#finish(waiting, 0));
          flows.delete(key);
        }
      }
      // Slots come in the order of their times: the first that gives any is the oldest.
      if (before === 0 && taken.length > 0) this.takenSinceMillis = sinceMillis;
    }
    this.#arrived.clear();
    this.#size -= taken.length;
    while (this.#slots[0]?.flows.size === 0) this.#slots.shift();
    if (this.#size === 0) this.#ids.clear();
    return taken;
  }

  /** Tells it of the pods that have come. */
  #meet(waiting: Waiting): Waiting {
    if (this.#arrived.size > 0) {
      waiting.source ??= this.#arrival(waiting.flow.source);
      waiting.destination ??= this.#arrival(waiting.flow.destination);
    }
    return waiting;
  }

  #arrival({ address }: FlowEnd): AttributeSet | undefined {
    const claim = address === undefined ? undefined : this.#arrived.get(address.key);
    return claim === undefined ? undefined : this.#options.describe(claim);
  }

  #finish({ flow, source, destination, drops, bytes }: Waiting, waitedMillis: number): FlowRow {
    return resolvedFlow(
      flow,
      source ?? this.#options.finally(flow.source, undefined, waitedMillis),
      destination ?? this.#options.finally(flow.destination, flow, waitedMillis),
      drops,
      bytes,
    );
  }

  #slot(nowMillis: number): Slot {
    const dueMillis = Math.ceil((nowMillis + this.#options.timeoutMillis) / SLOT_MILLIS) * SLOT_MILLIS;
    const last = this.#slots.at(-1);
    if (last !== undefined && last.dueMillis >= dueMillis) return last;
    const slot = { dueMillis, sinceMillis: this.sinceMillis, flows: new Map<string, Waiting>() };
    this.#slots.push(slot);
    return slot;
  }

  /** What flows that are equal have in common. An IPv6 address has eight UTF-16 units of any value, so its length tells its end. */
  #keyOf({ attributes, source, destination, transport, port, interface: name, netns, netnsCookie }: FlowRow): string {
    let id = this.#ids.get(attributes);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(attributes, id);
    }
    return `${id} ${port} ${netns} ${netnsCookie} ${transport} ${part(source)}${part(destination)}${name}`;
  }
}

/** Named field by field: as fast as it gets, where a spread is five times slower. */
export function resolvedFlow(
  flow: FlowRow,
  source: AttributeSet,
  destination: AttributeSet,
  drops: number,
  bytes: number | undefined,
): FlowRow {
  return {
    attributes: flow.attributes,
    source: { address: flow.source.address, attributes: source },
    destination: { address: flow.destination.address, attributes: destination },
    transport: flow.transport,
    port: flow.port,
    interface: flow.interface,
    netns: flow.netns,
    netnsCookie: flow.netnsCookie,
    netnsName: flow.netnsName,
    drops,
    bytes,
  };
}

function part({ address }: FlowEnd): string {
  if (address === undefined) return '- ';
  return typeof address.key === 'number' ? `${address.key} ` : `:${address.key}`;
}
