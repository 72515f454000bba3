import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { FlowEnd, FlowRow } from '../../pdata/flow.ts';
import type { FLOW_ATTRIBUTES, FlowAttributesConfig } from './config.ts';

type Name = (typeof FLOW_ATTRIBUTES)[number];

/** Series by what tells a flow apart. Each is made once: most reads bring flows that are known. */
export class SeriesTable {
  readonly #names: readonly Name[];
  readonly #prefixes: Readonly<Record<4 | 6, number>>;
  readonly #maxSeries: number;
  readonly #known: Map<string, AttributeSet>;
  /** Of this configuration: another one may have come before a reload. */
  readonly #signature: string;

  /** `known` outlives a reload. */
  constructor({ attributes, prefix_ipv4, prefix_ipv6, max_series }: FlowAttributesConfig, known: Map<string, AttributeSet>) {
    this.#names = attributes;
    this.#prefixes = { 4: prefix_ipv4, 6: prefix_ipv6 };
    this.#maxSeries = max_series;
    this.#known = known;
    this.#signature = attributes.join(' ');
  }

  /** Series that there are. */
  get size(): number {
    return this.#known.size;
  }

  /** The series of a flow; undefined where it would be one too many. */
  of(flow: FlowRow): AttributeSet | undefined {
    let key = `${this.#signature} ${flow.attributes.key}`;
    for (const name of this.#names) key += ` ${this.#value(flow, name)}`;
    let series = this.#known.get(key);
    if (series !== undefined || this.#known.size >= this.#maxSeries) return series;
    const more: Record<string, AttributeValue> = {};
    for (const name of this.#names) {
      const value = this.#value(flow, name);
      if (value !== '') more[name] = value;
    }
    series = new AttributeSet({ ...flow.attributes.values, ...more });
    this.#known.set(key, series);
    return series;
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
