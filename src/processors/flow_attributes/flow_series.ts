import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { FlowEnd, FlowRow } from '../../pdata/flow.ts';
import type { FLOW_ATTRIBUTES, FlowAttributesConfig } from './config.ts';

type Name = (typeof FLOW_ATTRIBUTES)[number];

/** Which series a flow belongs to, by the attributes that are chosen. */
export class FlowSeries {
  readonly #names: readonly Name[];
  readonly #prefixes: Readonly<Record<4 | 6, number>>;
  readonly #signature: string;

  constructor({
    attributes,
    prefix_ipv4,
    prefix_ipv6,
  }: Pick<FlowAttributesConfig, 'attributes' | 'prefix_ipv4' | 'prefix_ipv6'>) {
    this.#names = attributes;
    this.#prefixes = { 4: prefix_ipv4, 6: prefix_ipv6 };
    this.#signature = attributes.join(' ');
  }

  /** Tells series apart, those of other attributes too, which another configuration had before a reload. */
  keyOf(flow: FlowRow): string {
    let key = `${this.#signature} ${flow.attributes.key}`;
    for (const name of this.#names) key += ` ${this.#value(flow, name)}`;
    return key;
  }

  attributesOf(flow: FlowRow): AttributeSet {
    const more: Record<string, AttributeValue> = {};
    for (const name of this.#names) {
      const value = this.#value(flow, name);
      if (value !== '') more[name] = value;
    }
    return new AttributeSet({ ...flow.attributes.values, ...more });
  }

  /** Empty where the flow has none. */
  #value(flow: FlowRow, name: Name): AttributeValue {
    switch (name) {
      case 'source.address':
        return this.#address(flow.source);
      case 'destination.address':
        return this.#address(flow.destination);
      case 'destination.port':
        return flow.port === 0 ? '' : flow.port;
      case 'network.transport':
        return flow.transport;
      case 'network.interface.name':
        return flow.interface;
    }
  }

  #address({ address }: FlowEnd): string {
    return address?.network(this.#prefixes[address.isIpv4 ? 4 : 6]) ?? '';
  }
}
