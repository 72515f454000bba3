import type { AttributeSet } from '../../pdata/attributes.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import type { FlowColumns } from '../../pdata/flow_columns.ts';
import type { IpAddress } from '../../pdata/ip_address.ts';
import type { WhoIsWho } from './who_is_who.ts';

/**
 * Resolves the ends of a read's flows. Each address is looked up once, and again with each port if it is a node's: then the port
 * determines the owner.
 */
export class ResolvedEnds {
  readonly #flows: FlowColumns;
  readonly #who: WhoIsWho;
  /** By their numbers in the flows; undefined if unknown. */
  readonly #known: readonly (AttributeSet | undefined)[];
  /** Numbers of ends by lookup key. */
  readonly #others = new Map<string, number>();
  /** For {@link FlowColumns}: the flows' own, then those found by port. */
  readonly addresses: (IpAddress | undefined)[];
  readonly who: AttributeSet[];

  constructor(flows: FlowColumns, who: WhoIsWho) {
    this.#flows = flows;
    this.#who = who;
    this.#known = flows.addresses.map((address) => who.known(address));
    this.addresses = [...flows.addresses];
    this.who = this.#known.map((known, number) => known ?? (flows.who[number] as AttributeSet));
  }

  /** Who the end of this number is. */
  at(number: number | undefined): AttributeSet | undefined {
    return number === undefined ? undefined : this.who[number];
  }

  /** The number of a flow's source; undefined if unknown. */
  source(flow: number): number | undefined {
    const number = this.#flows.source[flow] as number;
    return this.#known[number] === undefined ? undefined : number;
  }

  /** That of its destination. */
  destination(flow: number): number | undefined {
    const number = this.#flows.destination[flow] as number;
    if (this.#flows.port[flow] !== 0 && this.#who.needsPort(this.#flows.addresses[number]))
      return this.#other(flow, number, true);
    return this.#known[number] === undefined ? undefined : number;
  }

  /** The same for a source that isn't known, and is not waited for. */
  finalSource(flow: number): number {
    return this.#other(flow, this.#flows.source[flow] as number, false);
  }

  finalDestination(flow: number): number {
    return this.#other(flow, this.#flows.destination[flow] as number, true);
  }

  #other(flow: number, end: number, isDestination: boolean): number {
    const port = this.#flows.port[flow] as number;
    const { transport } = this.#flows.kinds[this.#flows.kind[flow] as number] as FlowKind;
    const key = isDestination ? `${end} ${port} ${transport}` : `${end}`;
    let number = this.#others.get(key);
    if (number === undefined) {
      const address = this.#flows.addresses[end];
      number = this.addresses.length;
      this.addresses.push(address);
      this.who.push(this.#who.finally(address, isDestination ? { port, transport } : undefined, 0));
      this.#others.set(key, number);
    }
    return number;
  }
}
