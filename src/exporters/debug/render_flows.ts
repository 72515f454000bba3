import type { FlowEnd } from '../../pdata/flow.ts';
import { attributeColumns } from './attribute_columns.ts';
import type { FlowChange } from './flow_tally.ts';
import { renderTable } from './table.ts';
import type { Top } from './tally.ts';

/** Tables of the flows and of the pods with the most drops; empty if there are none. */
export function renderFlows({ flows, overflow, pods }: FlowChange): string {
  const flowTable = renderTable(
    ['reason', 'direction', 'source', 'destination', 'transport', 'port', 'interface', 'drops', 'bytes'],
    flows.rows.map(({ item, drops, bytes }) => [
      String(item.attributes.get('reason') ?? ''),
      String(item.attributes.get('direction') ?? ''),
      endText(item.source),
      endText(item.destination),
      item.transport,
      item.port === 0 ? '' : item.port,
      item.interface,
      drops,
      bytes ?? '',
    ]),
  );
  const columns = attributeColumns(pods.rows.map(({ item }) => item));
  const podTable = renderTable(
    [...columns, 'drops', 'bytes'],
    pods.rows.map(({ item, drops, bytes }) => [...columns.map((name) => String(item.get(name) ?? '')), drops, bytes ?? '']),
  );
  const full = overflow === 0 ? '' : `  ${dropsText(overflow)} of flows that the kernel had no room for\n`;
  return `${flowTable}${others(flows, 'flow')}${full}${podTable}${others(pods, 'series of pods')}`;
}

function others({ others, otherDrops }: Top<unknown>, what: 'flow' | 'series of pods'): string {
  if (otherDrops === 0) return '';
  const plural = what === 'flow' && others !== 1 ? 'flows' : what;
  return `  and ${others === undefined ? 'more' : `${others} more`} ${plural} (${dropsText(otherDrops)})\n`;
}

function dropsText(drops: number): string {
  return `${drops} ${drops === 1 ? 'drop' : 'drops'}`;
}

/** The address and its owner: `10.0.0.1 shop/cart-0`, `10.0.0.9 node-1`, `192.0.2.1 world`; `-` if there is none. */
function endText({ address, attributes }: FlowEnd): string {
  const namespace = attributes.get('k8s.namespace.name');
  const name = attributes.get('k8s.pod.name') ?? attributes.get('k8s.service.name');
  const node = attributes.get('k8s.node.name');
  const who = name === undefined ? node : name === namespace || namespace === undefined ? name : `${namespace}/${name}`;
  return [address?.text ?? '-', who ?? []].flat().join(' ');
}
