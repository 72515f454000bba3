import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { FlowRow } from '../../pdata/flow.ts';
import { bytesAt, type FlowColumns, flowAt } from '../../pdata/flow_columns.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { Tally, type Top } from './tally.ts';

/** Whose drops they were, since the last print. */
export interface FlowChange {
  readonly flows: Top<FlowRow>;
  /** Drops that the kernel's map of flows had no room for. */
  readonly overflow: number;
  readonly pods: Top<AttributeSet>;
}

/** Sums flows by their addresses, and pods by their attributes, between two prints. */
export class FlowTally {
  readonly #flows = new Tally<FlowRow>();
  readonly #pods = new Tally<AttributeSet>();
  #overflow = 0;

  add({ flows, pods }: DropBatch): void {
    if (flows !== undefined) this.#addFlows(flows.rows);
    for (const { drops } of flows?.overflow ?? []) this.#overflow += drops;
    for (const { attributes, drops, bytes } of pods?.rows ?? []) {
      const published = publishedPod(attributes);
      this.#pods.add(published.key, () => published, drops, bytes);
    }
  }

  #addFlows(flows: FlowColumns): void {
    const { kind, source, destination, port, drops } = flows;
    const kinds = flows.kinds.map(({ attributes, transport, interface: name, netns, netnsCookie }) => {
      return `${numberOf(attributes)} ${transport} ${name} ${netns} ${netnsCookie}`;
    });
    const end = (number: number | undefined) => flows.addresses[number as number]?.key;
    for (let index = 0; index < flows.length; index++) {
      const key = `${end(source[index])} ${end(destination[index])} ${port[index]} ${kinds[kind[index] as number]}`;
      this.#flows.add(key, () => flowAt(flows, index), drops[index] as number, bytesAt(flows, index));
    }
  }

  /** The `most` of each that had the most drops. */
  take(most: number): FlowChange {
    const overflow = this.#overflow;
    this.#overflow = 0;
    return { flows: this.#flows.take(most), overflow, pods: this.#pods.take(most) };
  }
}

const publishedPods = new WeakMap<AttributeSet, AttributeSet>();

/** The attributes under which the other exporters publish the series. */
function publishedPod(attributes: AttributeSet): AttributeSet {
  let published = publishedPods.get(attributes);
  if (published === undefined) {
    published = NAMINGS.opentelemetry.pods.publish(attributes);
    publishedPods.set(attributes, published);
  }
  return published;
}

const numbers = new WeakMap<AttributeSet, number>();
let lastNumber = 0;

/** A number per attribute set, which is shorter than its key. Equal attributes are the same object. */
function numberOf(attributes: AttributeSet): number {
  let number = numbers.get(attributes);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(attributes, number);
  }
  return number;
}
