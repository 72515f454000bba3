import { AttributeSet, type AttributeValue } from './attributes.ts';
import type { IpAddress } from './ip_address.ts';

/** One end of a flow. */
export interface FlowEnd {
  /** Undefined if the packet, or the socket of a failed call, has none. */
  readonly address: IpAddress | undefined;
  /** Who that is, as far as a processor has found out (`k8s.pod.name`, …), without `source.` or `destination.`. */
  readonly attributes: AttributeSet;
}

/** What many flows have in common. */
export interface FlowKind {
  /** `reason`, `direction`, `class`; `error.type` of a failed call. The same object for all kinds of which they are equal. */
  readonly attributes: AttributeSet;
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`, else the protocol's number; empty without an IP header. */
  readonly transport: string;
  /** Name of the network interface, or `unknown`; empty if a processor has deleted it. */
  readonly interface: string;
  /** Inode number of the network namespace, which may be reused later; 0 if unknown. */
  readonly netns: number;
  /** Its cookie, which no other one ever has; 0 before Linux 5.12. */
  readonly netnsCookie: number;
  /** Its name under /run/netns; empty if it has none. */
  readonly netnsName: string;
}

/** What was added to one flow since the last read. Additive, as rows are. */
export interface FlowRow extends FlowKind {
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  /** Destination port; 0 where ports aren't counted, there is none, or it is an ephemeral one (32768 and up). */
  readonly port: number;
  readonly drops: number;
  /** Undefined for failed calls. */
  readonly bytes: number | undefined;
}

/** No attributes: those of an end of which nothing is known. */
export const NO_ATTRIBUTES = new AttributeSet({});

/** Everything that is known of a kind, under the names of OpenTelemetry. */
export function kindAttributes(kind: FlowKind): Record<string, AttributeValue> {
  const all: Record<string, AttributeValue> = { ...kind.attributes.values };
  if (kind.transport !== '') all['network.transport'] = kind.transport;
  if (kind.interface !== '') all['network.interface.name'] = kind.interface;
  if (kind.netns !== 0) all['network.namespace.inode'] = kind.netns;
  if (kind.netnsCookie !== 0) all['network.namespace.cookie'] = kind.netnsCookie;
  if (kind.netnsName !== '') all['network.namespace.name'] = kind.netnsName;
  return all;
}

/** Everything that is known of a flow, under the names of OpenTelemetry; `source.` and `destination.` are before those of its ends. */
export function flowAttributes(flow: FlowRow): Record<string, AttributeValue> {
  const all = kindAttributes(flow);
  if (flow.port !== 0) all['destination.port'] = flow.port;
  for (const [side, { address, attributes }] of [
    ['source', flow.source],
    ['destination', flow.destination],
  ] as const) {
    if (address !== undefined) all[`${side}.address`] = address.text;
    for (const [name, value] of Object.entries(attributes.values)) all[`${side}.${name}`] = value;
  }
  return all;
}
