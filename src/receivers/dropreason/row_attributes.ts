import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { OptInAttribute } from './config.ts';
import { errnoName } from './errno.ts';
import { REASON_OF_FUNCTION } from './freeing_functions.ts';
import type { Layout, Row } from './probe.ts';
import { ACCEPT_REASON, CONNECT_REASON, classOf, type Reasons } from './reasons.ts';

/** IANA's protocol numbers that have a name here; the others show as numbers. */
const TRANSPORTS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' };

/** What a row of the kernel is called: from numbers to the attributes that are published. */
export class RowAttributes {
  readonly #layout: Layout;
  readonly #reasons: Reasons;
  readonly #optIn: ReadonlySet<OptInAttribute>;

  constructor(layout: Layout, reasons: Reasons, optIn: readonly OptInAttribute[]) {
    this.#layout = layout;
    this.#reasons = reasons;
    this.#optIn = new Set(optIn);
  }

  /** Attributes of a node row, by its index in a CPU's slice. */
  ofNodeRow(cpu: number, row: number): AttributeSet {
    const { reasonShift, directionShift } = this.#layout;
    return this.ofPacket(this.#reasons.name(row >> reasonShift), (row >> directionShift) & 3, row & ((1 << directionShift) - 1), {
      cpu,
    });
  }

  /** Attributes of a row that is no array index; `freedBy` is the kernel function, empty where that isn't known. */
  ofEntry(row: Row, freedBy: string): AttributeSet {
    if (this.isCall(row)) {
      const reason = row.reason === this.#layout.calls.connect ? CONNECT_REASON : ACCEPT_REASON;
      return this.ofCall(reason, errnoName(row.error), row.direction, row.family, this.#keyed(row));
    }
    const reason = REASON_OF_FUNCTION[freedBy] ?? this.#reasons.name(row.reason);
    return this.ofPacket(reason, row.direction, row.family, this.#keyed(row));
  }

  isCall(row: Row): boolean {
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

  #common(reason: string, direction: number, family: number): Record<string, AttributeValue> {
    const common: Record<string, AttributeValue> = {
      reason,
      direction: this.#layout.directions[direction] ?? 'unknown',
      class: classOf(reason),
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
    if (this.#optIn.has('network.namespace.inode')) keyed['network.namespace.inode'] = row.netns;
    return keyed;
  }
}
