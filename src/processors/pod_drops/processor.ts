import type { Counter } from '@opentelemetry/api';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { PROCESSOR } from '../../metrics/definitions.ts';
import { counter, gauge } from '../../metrics/instruments.ts';
import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import { bytesAt, type FlowColumns } from '../../pdata/flow_columns.ts';
import type { PodDropsConfig } from './config.ts';
import { type Series, SeriesTable } from './series.ts';
import { SeriesCache } from './series_cache.ts';
import { publish, type Side } from './side.ts';

/** What outlives a reload. */
interface Kept {
  table: SeriesTable;
  /** The choice of attributes that its series have. */
  shape: string;
}

/** Adds series of pods to the node's rows: drops from or to each pod that k8s_attributes has resolved. */
export class PodDrops implements Processor {
  readonly #config: PodDropsConfig;
  readonly #next: Consumer;
  readonly #table: SeriesTable;
  readonly #cache: SeriesCache;
  readonly #record: (ended: number, overflow: number) => void;
  #overflowDrops = 0;

  constructor(settings: Pick<Settings, 'id' | 'keep' | 'meter'>, config: PodDropsConfig, next: Consumer) {
    this.#config = config;
    this.#next = next;
    const bounds = { maxSeries: config.max_series, expirationMillis: config.metric_expiration };
    const shape = JSON.stringify([config.context, config.labels, config.source, config.destination, config.attributes]);
    const kept = settings.keep<Kept>('series', () => ({ table: new SeriesTable(bounds), shape }));
    this.#table = kept.table;
    this.#table.bound(bounds);
    if (kept.shape !== shape) this.#table.endAll();
    kept.shape = shape;
    this.#cache = new SeriesCache(this.#table, config);
    this.#record = recorder(settings, this.#table);
  }

  async start(): Promise<void> {
    this.#record(0, 0);
  }

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    const { flows, steadyMillis } = batch;
    if (flows !== undefined) {
      for (const uid of flows.endedPods ?? []) this.#table.podEnded(uid, steadyMillis);
      this.#cache.begin();
      if (this.#config.context === 'local') this.#addSides(flows.rows);
      else this.#addPairs(flows.rows);
      for (const { attributes, drops, bytes } of flows.overflow) {
        this.#addOverflow(attributes, directionOf({ attributes }), drops, bytes);
      }
    }
    const { rows, ended } = this.#table.take(steadyMillis);
    this.#record(ended.length, this.#overflowDrops);
    this.#overflowDrops = 0;
    const since = flows?.sinceMillis === undefined ? {} : { sinceMillis: flows.sinceMillis };
    this.#next.consume({ ...batch, pods: { rows, ended, ...since } });
  }

  #addSides(flows: FlowColumns): void {
    const sides = this.#cache.sides(flows);
    const [from, to] = [this.#cache.kinds(flows, 'egress'), this.#cache.kinds(flows, 'ingress')];
    for (let flow = 0; flow < flows.length; flow++) {
      const kind = flows.kind[flow] as number;
      const source = sides[flows.source[flow] as number] as Side;
      if (source.observed) this.#addSide(flows, flow, source, 'egress', from[kind] as number);
      const destination = sides[flows.destination[flow] as number] as Side;
      if (destination.observed) this.#addSide(flows, flow, destination, 'ingress', to[kind] as number);
    }
  }

  #addSide(flows: FlowColumns, flow: number, side: Side, direction: 'ingress' | 'egress', kind: number): void {
    const number = this.#cache.numberOf(kind, flows.port[flow] as number, side.id, 0);
    let found = this.#cache.at(number);
    if (found === undefined) {
      const values = this.#identity(kindOf(flows, flow), direction);
      publish(side, this.#config.labels, '', values);
      if (this.#config.labels.includes('port')) addPort(flows, flow, values);
      found = this.#cache.keep(number, new AttributeSet(values), side.uid === undefined ? [] : [side.uid]);
    }
    this.#add(flows, flow, found, direction);
  }

  #addPairs(flows: FlowColumns): void {
    const sides = this.#cache.sides(flows);
    const kinds = this.#cache.kinds(flows, '');
    for (let flow = 0; flow < flows.length; flow++) {
      const source = sides[flows.source[flow] as number] as Side;
      const destination = sides[flows.destination[flow] as number] as Side;
      if (!source.observed && !destination.observed) continue;
      const kind = kinds[flows.kind[flow] as number] as number;
      const number = this.#cache.numberOf(kind, flows.port[flow] as number, source.id, destination.id);
      let found = this.#cache.at(number);
      if (found === undefined) {
        const values = this.#identity(kindOf(flows, flow), directionOf(kindOf(flows, flow)));
        publish(source, this.#config.source, 'source.', values);
        publish(destination, this.#config.destination, 'destination.', values);
        if (this.#config.destination.includes('port')) addPort(flows, flow, values);
        const uids = [source.uid, destination.uid].filter((uid) => uid !== undefined);
        found = this.#cache.keep(number, new AttributeSet(values), uids);
      }
      this.#add(flows, flow, found, undefined);
    }
  }

  /** All that earlier stages have given its kind. The reason distinguishes bytes from failed calls, so the errno's name creates no series. */
  #identity({ attributes, transport }: FlowKind, direction: string): Record<string, AttributeValue> {
    const values: Record<string, AttributeValue> = { ...attributes.without('error.type').values, direction };
    if (transport !== '' && this.#config.attributes.includes('network.transport')) values['network.transport'] = transport;
    return values;
  }

  /** Adds to its series, or to the overflow. If `direction` is undefined, the flow's own is used. */
  #add(flows: FlowColumns, flow: number, found: Series | null, direction: string | undefined): void {
    const [drops, bytes] = [flows.drops[flow] as number, bytesAt(flows, flow)];
    if (found !== null) {
      this.#table.add(found, drops, bytes);
      return;
    }
    const kind = kindOf(flows, flow);
    this.#addOverflow(kind.attributes, direction ?? directionOf(kind), drops, bytes);
  }

  #addOverflow(attributes: AttributeSet, direction: string, drops: number, bytes: number | undefined): void {
    this.#overflowDrops += drops;
    this.#table.add(this.#table.overflow(String(attributes.get('reason') ?? ''), direction), drops, bytes);
  }
}

function addPort({ port }: FlowColumns, flow: number, values: Record<string, AttributeValue>): void {
  const number = port[flow] as number;
  if (number !== 0) values['destination.port'] = number;
}

function kindOf({ kinds, kind }: FlowColumns, flow: number): FlowKind {
  return kinds[kind[flow] as number] as FlowKind;
}

function directionOf({ attributes }: Pick<FlowKind, 'attributes'>): string {
  return String(attributes.get('direction') ?? 'unknown');
}

function recorder({ id, meter }: Pick<Settings, 'id' | 'meter'>, table: SeriesTable): (ended: number, overflow: number) => void {
  const of = { processor: id };
  const series = gauge(meter, PROCESSOR.series);
  const [endedCounter, overflowCounter]: Counter[] = [counter(meter, PROCESSOR.seriesEnded), counter(meter, PROCESSOR.overflow)];
  return (ended, overflow) => {
    series.record(table.size, of);
    endedCounter?.add(ended, of);
    overflowCounter?.add(overflow, of);
  };
}
