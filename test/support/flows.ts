import { AttributeSet, type AttributeValue } from '../../src/pdata/attributes.ts';
import type { DropBatch } from '../../src/pdata/batch.ts';
import { type FlowEnd, type FlowRow, NO_ATTRIBUTES } from '../../src/pdata/flow.ts';
import { columnsOf, type FlowColumns, flowRows } from '../../src/pdata/flow_columns.ts';
import type { FlowRead } from '../../src/pdata/flow_read.ts';
import { IpAddress } from '../../src/pdata/ip_address.ts';
import { batch } from './rows.ts';

const RULE = new AttributeSet({ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy' });

/** One end of a flow, by its address as text; '' means no address. */
export function end(address: string, attributes?: Readonly<Record<string, AttributeValue>>): FlowEnd {
  return {
    address: IpAddress.parse(address),
    attributes: attributes === undefined ? NO_ATTRIBUTES : new AttributeSet(attributes),
  };
}

/** A flow of one dropped packet of 100 bytes between two addresses, with overrides. */
export function flow(source: string, destination: string, given: Partial<FlowRow> = {}): FlowRow {
  return {
    attributes: RULE,
    source: end(source),
    destination: end(destination),
    transport: 'udp',
    port: 0,
    interface: 'eth0',
    netns: 4_026_531_840,
    netnsCookie: 1,
    netnsName: '',
    drops: 1,
    bytes: 100,
    ...given,
  };
}

/** A read of these flows. Its node rows are their sums by attributes. */
export function flowBatch(
  flows: readonly FlowRow[],
  given: Partial<DropBatch> & { overflow?: FlowRead['overflow'] } = {},
): DropBatch {
  const { overflow = [], ...rest } = given;
  const all = [...flows, ...overflow].map(({ attributes, drops, bytes }) => ({ attributes, drops, bytes }));
  const node = { drops: 0, bytes: 0 };
  for (const { drops, bytes } of all) {
    node.drops += drops;
    node.bytes += bytes ?? 0;
  }
  return { ...batch(all, rest), flows: { rows: columnsOf(flows), overflow, node }, ...rest };
}

/** All flows of a read as objects; none if there is no read. */
export function rowsOf(read: { readonly rows: FlowColumns } | undefined): readonly FlowRow[] {
  return read === undefined ? [] : [...flowRows(read.rows)];
}
