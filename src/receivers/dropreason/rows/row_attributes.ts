import { AttributeSet, type AttributeValue } from '../../../pdata/attributes.ts';
import { ATTRIBUTES, type DropreasonConfig, type OptInAttribute, recordsChains } from '../config.ts';
import type { Layout, Row } from '../probe.ts';
import { REASON_OF_FUNCTION } from '../reasons/known_functions.ts';
import { ACCEPT_REASON, CONNECT_REASON, classOf, type Reasons } from '../reasons/reasons.ts';
import type { ChainStory } from './call_chain.ts';
import { errnoName } from './errno.ts';
import { NamespaceNames } from './namespaces.ts';

/** IANA's protocol numbers that have a name here; the others show as numbers. */
export const TRANSPORTS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' };

const RULE = 'IPTABLE_RULE_DROP';
const NAT = 'IPTABLE_NAT_DROP';
const CONNTRACK = 'CONNTRACK_ADD_DROP';
const NETFILTER: ReadonlySet<string> = new Set([RULE, NAT, CONNTRACK]);

/** Where a packet's end was seen. */
export interface Origin {
  /** The kernel function that freed it; empty if unknown. */
  readonly freedBy: string;
  /** What the call chain shows, if one was recorded. */
  readonly chain: ChainStory | undefined;
}

/** What identifies the row of a flow, besides where the packet ended. */
export type Told = Pick<Row, 'reason' | 'error' | 'direction' | 'family' | 'unconfirmed'>;

const NOWHERE: Origin = { freedBy: '', chain: undefined };

/** Attributes of what comes and goes, or of which there are many: a series that has one may end. */
const OF_ENDING: readonly string[] = ATTRIBUTES.filter((name) => name !== 'network.type');

export interface RowAttributesOptions {
  readonly layout: Layout;
  readonly reasons: Reasons;
  readonly config: DropreasonConfig;
  /** Whether the freeing function can be named. */
  readonly named: boolean;
  /** Whether it determines the reason. */
  readonly byFunction: boolean;
  /** Whether call chains show what NAT and conntrack dropped. */
  readonly chainsTell: boolean;
  readonly namespaces?: NamespaceNames;
}

/** What a row of the kernel is called: from numbers to the attributes that are published. */
export class RowAttributes {
  readonly #layout: Layout;
  readonly #reasons: Reasons;
  readonly #optIn: ReadonlySet<OptInAttribute>;
  readonly #byFunction: boolean;
  readonly #namesFunction: boolean;
  readonly #namespaces: NamespaceNames;
  /** The information needed from call chains. */
  readonly #chains: { readonly nat: boolean; readonly conntrack: boolean; readonly hook: boolean };

  constructor({ layout, reasons, config, named, byFunction, chainsTell, namespaces }: RowAttributesOptions) {
    this.#namespaces = namespaces ?? new NamespaceNames();
    this.#layout = layout;
    this.#reasons = reasons;
    this.#optIn = new Set(config.attributes);
    this.#byFunction = byFunction;
    this.#namesFunction = named && this.#optIn.has('code.function.name');
    const asks = (hook: 'nat' | 'conntrack') =>
      chainsTell && recordsChains(config) && config.hooks[hook].enabled && config.hooks[hook].attach.includes('tracepoint');
    this.#chains = { nat: asks('nat'), conntrack: asks('conntrack'), hook: named && this.#optIn.has('netfilter.hook') };
  }

  /** Attributes of a node row, by its index in a CPU's slice. */
  ofNodeRow(cpu: number, row: number): AttributeSet {
    const { reasonShift, directionShift } = this.#layout;
    return this.ofPacket(this.#reasons.name(row >> reasonShift), (row >> directionShift) & 3, row & ((1 << directionShift) - 1), {
      cpu,
    });
  }

  /** Attributes of a row that is no array index. */
  ofEntry(row: Row, origin: Origin = NOWHERE): AttributeSet {
    if (this.isCall(row)) {
      return this.ofCall(this.#callOf(row), errnoName(row.error), row.direction, row.family, this.#keyed(row));
    }
    const reason = this.#reasonOf(row, origin);
    const more = { ...this.#keyed(row), ...this.#seenAt(reason, origin) };
    return new AttributeSet({ ...this.#common(reason, row.direction, row.family, origin.freedBy), ...more });
  }

  /** Attributes of a flow's row, without those that the flow has itself. */
  ofFlow(flow: Told, origin: Origin = NOWHERE): AttributeSet {
    if (this.isCall(flow)) return this.ofCall(this.#callOf(flow), errnoName(flow.error), flow.direction, flow.family);
    return new AttributeSet(this.#common(this.#reasonOf(flow, origin), flow.direction, flow.family, origin.freedBy));
  }

  /** Whether a series ends when nothing adds to it. */
  mayEnd(attributes: AttributeSet): boolean {
    return OF_ENDING.some((name) => attributes.get(name) !== undefined);
  }

  isCall(row: Pick<Row, 'reason'>): boolean {
    return row.reason === this.#layout.calls.connect || row.reason === this.#layout.calls.accept;
  }

  ofPacket(reason: string, direction: number, family: number, more: Readonly<Record<string, AttributeValue>>): AttributeSet {
    return new AttributeSet({ ...this.#common(reason, direction, family), ...more });
  }

  ofCall(
    reason: string,
    error: string,
    direction: number,
    family: number,
    more: Readonly<Record<string, AttributeValue>> = {},
  ): AttributeSet {
    return new AttributeSet({ ...this.#common(reason, direction, family), 'error.type': error, ...more });
  }

  #callOf({ reason }: Pick<Row, 'reason'>): string {
    return reason === this.#layout.calls.connect ? CONNECT_REASON : ACCEPT_REASON;
  }

  /** A hook's note takes precedence over the free. A call chain shows what no hook could note. */
  #reasonOf(row: Pick<Row, 'reason' | 'unconfirmed'>, { freedBy, chain }: Origin): string {
    const { notes } = this.#layout;
    if (row.reason === notes.nat) return NAT;
    if (row.reason === notes.conntrack) return CONNTRACK;
    const told = this.#byFunction && row.reason === this.#reasons.unspecified ? REASON_OF_FUNCTION.get(freedBy) : undefined;
    const reason = told ?? this.#reasons.name(row.reason);
    if (reason !== RULE || chain === undefined) return reason;
    if (this.#chains.nat && chain.nat) return NAT;
    if (this.#chains.conntrack && chain.byVerdict && row.unconfirmed) return CONNTRACK;
    return reason;
  }

  #common(reason: string, direction: number, family: number, freedBy = ''): Record<string, AttributeValue> {
    const common: Record<string, AttributeValue> = {
      reason,
      direction: this.#layout.directions[direction] ?? 'unknown',
      class: classOf(reason, freedBy, !this.#byFunction),
    };
    if (this.#optIn.has('network.type')) common['network.type'] = this.#layout.families[family] ?? 'other';
    return common;
  }

  #keyed(row: Row): Record<string, AttributeValue> {
    const keyed: Record<string, AttributeValue> = {};
    if (this.#optIn.has('network.transport') && row.protocol !== this.#layout.noProtocol) {
      keyed['network.transport'] = TRANSPORTS[row.protocol] ?? String(row.protocol);
    }
    if (this.#optIn.has('network.interface.name')) keyed['network.interface.name'] = row.interface || 'unknown';
    if (this.#optIn.has('network.namespace.inode')) Object.assign(keyed, this.#namespaceOf(row));
    return keyed;
  }

  /** The inode number may be another namespace's next; the cookie isn't; the name is what people know. */
  #namespaceOf({ netns, cookie }: Row): Record<string, AttributeValue> {
    const name = this.#namespaces.of({ netns, cookie });
    return {
      'network.namespace.inode': netns,
      ...(cookie === 0 ? {} : { 'network.namespace.cookie': cookie }),
      ...(name === '' ? {} : { 'network.namespace.name': name }),
    };
  }

  #seenAt(reason: string, { freedBy, chain }: Origin): Record<string, AttributeValue> {
    const seen: Record<string, AttributeValue> = {};
    if (this.#namesFunction) seen['code.function.name'] = freedBy || 'unknown';
    if (this.#chains.hook && NETFILTER.has(reason)) seen['netfilter.hook'] = chain?.hook ?? 'unknown';
    return seen;
  }
}
