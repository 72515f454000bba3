import type { AttributeSet } from '../../pdata/attributes.ts';
import type { FlowEnd, FlowRow } from '../../pdata/flow.ts';
import type { AddressKey, IpAddress } from '../../pdata/ip_address.ts';
import { addTo } from '../../pdata/sums.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Claim } from './cluster/pod.ts';

/** The most flows that may wait; about 45 MB if all are different. */
const MOST_WAITING = 65_536;
/** Equal flows that arrive within so many milliseconds wait as one. */
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
  /** No flow of it came later. */
  readonly endMillis: number;
  /** When the read before the first of its flows was made. */
  readonly sinceMillis: number;
  readonly flows: Map<string, Waiting>;
}

/** Who takes flows out, and how long they wait for it. */
export interface Taker {
  readonly timeoutMillis: number;
  /** Who has an address; undefined as long as that isn't known. `at` is the flow of which it is the destination. */
  known(address: IpAddress | undefined, at: FlowRow | undefined): AttributeSet | undefined;
  /** The attributes of an end after its time is over. */
  finally(address: IpAddress | undefined, at: FlowRow | undefined, waitedMillis: number): AttributeSet;
}

/**
 * Flows of which an end isn't known yet, until a pod has taken its address, or their time is over. They outlive a reload, and wait
 * on for who takes them then.
 */
export class WaitingFlows {
  readonly #most: number;
  /** In the order of `endMillis`. */
  readonly #slots: Slot[] = [];
  #size = 0;
  /** When the read before that of the flows that are added now was made, in milliseconds since the epoch. */
  sinceMillis = 0;
  /** The {@link sinceMillis} of the oldest flow of the last {@link take}. */
  takenSinceMillis = 0;
  /** The first pods that took an address since the last {@link take}, while something waited: they may be gone by then. */
  readonly #arrived = new Map<AddressKey, { readonly claim: Claim; readonly cluster: Cluster }>();
  #looksAgain = false;
  readonly #ids = new Map<AttributeSet, number>();

  constructor(most = MOST_WAITING) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** A pod of this cluster has taken an address. */
  arrived(claim: Claim, cluster: Cluster): void {
    if (this.#size > 0 && !this.#arrived.has(claim.key)) this.#arrived.set(claim.key, { claim, cluster });
  }

  /** Has the next {@link take} ask for every end, whether its pod has come since the last or before. */
  lookAgain(): void {
    this.#looksAgain = true;
  }

  /** Ends are shown differently from now on: known ones are looked up again. */
  forgetEnds(): void {
    this.#arrived.clear();
    for (const { flows } of this.#slots) {
      for (const waiting of flows.values()) {
        waiting.source = undefined;
        waiting.destination = undefined;
      }
    }
    this.lookAgain();
  }

  /** Adds a flow with an unknown end, whose set is undefined; false if too many wait. */
  add(flow: FlowRow, source: AttributeSet | undefined, destination: AttributeSet | undefined, nowMillis: number): boolean {
    const { flows } = this.#slot(nowMillis);
    const key = this.#keyOf(flow);
    const known = flows.get(key);
    if (known !== undefined) {
      addTo(known, flow.drops, flow.bytes);
      return true;
    }
    if (this.#size >= this.#most) return false;
    this.#size++;
    flows.set(key, { flow, source, destination, drops: flow.drops, bytes: flow.bytes });
    return true;
  }

  /** Takes out the flows whose ends are known by now, and those whose time is over; all of them with `everything`. */
  take(nowMillis: number, taker: Taker, everything = false): FlowRow[] {
    const taken: FlowRow[] = [];
    for (const { endMillis, sinceMillis, flows } of this.#slots) {
      const before = taken.length;
      // Of the last flow that came into it.
      const waited = nowMillis - endMillis;
      if (everything || waited >= taker.timeoutMillis) {
        for (const waiting of flows.values()) taken.push(finish(this.#meet(waiting, taker), taker, Math.max(0, waited)));
        flows.clear();
      } else if (this.#arrived.size > 0 || this.#looksAgain) {
        for (const [key, waiting] of flows) {
          const { source, destination } = this.#meet(waiting, taker);
          if (source === undefined || destination === undefined) continue;
          taken.push(finish(waiting, taker, 0));
          flows.delete(key);
        }
      }
      // Slots come in the order of their times: the first that gives any is the oldest.
      if (before === 0 && taken.length > 0) this.takenSinceMillis = sinceMillis;
    }
    this.#arrived.clear();
    this.#looksAgain = false;
    this.#size -= taken.length;
    while (this.#slots[0]?.flows.size === 0) this.#slots.shift();
    if (this.#size === 0) this.#ids.clear();
    return taken;
  }

  /** Tells it of the pods that have come. */
  #meet(waiting: Waiting, taker: Taker): Waiting {
    const { flow } = waiting;
    waiting.source ??= this.#arrival(flow.source);
    waiting.destination ??= this.#arrival(flow.destination);
    if (this.#looksAgain) {
      waiting.source ??= taker.known(flow.source.address, undefined);
      waiting.destination ??= taker.known(flow.destination.address, flow);
    }
    return waiting;
  }

  #arrival({ address }: FlowEnd): AttributeSet | undefined {
    const arrived = address === undefined ? undefined : this.#arrived.get(address.key);
    return arrived?.cluster.describe(arrived.claim);
  }

  #slot(nowMillis: number): Slot {
    const endMillis = Math.ceil(nowMillis / SLOT_MILLIS) * SLOT_MILLIS;
    const last = this.#slots.at(-1);
    if (last !== undefined && last.endMillis >= endMillis) return last;
    const slot = { endMillis, sinceMillis: this.sinceMillis, flows: new Map<string, Waiting>() };
    this.#slots.push(slot);
    return slot;
  }

  /** The key of equal flows. An IPv6 address has eight UTF-16 units of any value, so it is delimited by its length. */
  #keyOf({ attributes, source, destination, transport, port, interface: name, netns, netnsCookie }: FlowRow): string {
    let id = this.#ids.get(attributes);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(attributes, id);
    }
    return `${id} ${port} ${netns} ${netnsCookie} ${transport} ${part(source)}${part(destination)}${name}`;
  }
}

function finish({ flow, source, destination, drops, bytes }: Waiting, taker: Taker, waitedMillis: number): FlowRow {
  return resolvedFlow(
    flow,
    source ?? taker.finally(flow.source.address, undefined, waitedMillis),
    destination ?? taker.finally(flow.destination.address, flow, waitedMillis),
    drops,
    bytes,
  );
}

/** Named field by field, because a spread is five times slower. */
function resolvedFlow(
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
