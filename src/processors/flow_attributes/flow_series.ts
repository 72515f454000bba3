import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import type { FlowColumns } from '../../pdata/flow_columns.ts';
import type { IpAddress } from '../../pdata/ip_address.ts';
import type { FLOW_ATTRIBUTES, FlowAttributesConfig } from './config.ts';

type Name = (typeof FLOW_ATTRIBUTES)[number];

/** Which series the flows of a read belong to, by the attributes that are chosen. */
export interface SeriesOfFlows {
  /** Distinguishes the series of flows, also those with other attributes from a configuration before a reload. */
  keyOf(index: number): string;
  attributesOf(index: number): AttributeSet;
}

type Choice = Pick<FlowAttributesConfig, 'attributes' | 'prefix_ipv4' | 'prefix_ipv6'>;

/** What flows have in common is written once. */
export function seriesOf(flows: FlowColumns, { attributes: names, prefix_ipv4, prefix_ipv6 }: Choice): SeriesOfFlows {
  const network = (address: IpAddress | undefined) => address?.network(address.isIpv4 ? prefix_ipv4 : prefix_ipv6) ?? '';
  const namesAddress = names.includes('source.address') || names.includes('destination.address');
  const networks = namesAddress ? flows.addresses.map(network) : [];
  const signature = names.join(' ');
  const kindKeys = flows.kinds.map(({ attributes }) => `${signature} ${attributes.key}`);
  const kindOf = (index: number) => flows.kinds[flows.kind[index] as number] as FlowKind;
  /** Empty if the flow has none. */
  const valueAt = (index: number, name: Name): AttributeValue => {
    switch (name) {
      case 'source.address':
        return networks[flows.source[index] as number] as string;
      case 'destination.address':
        return networks[flows.destination[index] as number] as string;
      case 'destination.port':
        return flows.port[index] || '';
      case 'network.transport':
        return kindOf(index).transport;
      case 'network.interface.name':
        return kindOf(index).interface;
    }
  };
  return {
    keyOf(index) {
      let key = kindKeys[flows.kind[index] as number] as string;
      for (const name of names) key += ` ${valueAt(index, name)}`;
      return key;
    },
    attributesOf(index) {
      const more: Record<string, AttributeValue> = {};
      for (const name of names) {
        const value = valueAt(index, name);
        if (value !== '') more[name] = value;
      }
      return new AttributeSet({ ...kindOf(index).attributes.values, ...more });
    },
  };
}
