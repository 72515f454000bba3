import type { Counter } from '@opentelemetry/api';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { PROCESSOR } from '../../metrics/definitions.ts';
import { counter, gauge } from '../../metrics/instruments.ts';
import { AttributeSet, type AttributeValue } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { FlowRow } from '../../pdata/flow.ts';
import type { PodDropsConfig } from './config.ts';
import { SeriesTable } from './series.ts';
import { SeriesCache } from './series_cache.ts';
import { publish, type Side } from './side.ts';

/** What outlives a reload. */
interface Kept {
  table: SeriesTable;
  /** The choice of attributes that its series have. */
  shape: string;
}

/** Puts beside the node's rows those of pods: what was dropped from or to each, as far as k8s_attributes could tell. */
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
    const shape = JSON.stringify([config.context, config.labels, config.source, config.destination]);
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
      const add = this.#config.context === 'local' ? this.#addSides : this.#addPair;
      for (const row of flows.rows) add.call(this, row);
      for (const { attributes, drops, bytes } of flows.overflow) {
        this.#addOverflow(attributes, String(attributes.get('direction') ?? 'unknown'), drops, bytes);
      }
    }
    const { rows, ended } = this.#table.take(steadyMillis);
    this.#record(ended.length, this.#overflowDrops);
    this.#overflowDrops = 0;
    const since = flows?.sinceMillis === undefined ? {} : { sinceMillis: flows.sinceMillis };
    this.#next.consume({ ...batch, pods: { rows, ended, ...since } });
  }

  #addSides(row: FlowRow): void {
    const source = this.#cache.side(row.source.attributes);
    if (source.observed) this.#addSide(row, source, 'egress');
    const destination = this.#cache.side(row.destination.attributes);
    if (destination.observed) this.#addSide(row, destination, 'ingress');
  }

  #addSide(row: FlowRow, side: Side, direction: 'ingress' | 'egress'): void {
    const place = this.#cache.place(row, direction);
    let found = place.get(side.id);
    if (found === undefined || found?.ended) {
      const values = this.#identity(row, direction);
      publish(side, this.#config.labels, '', values);
      if (this.#config.labels.includes('port') && row.port !== 0) values['destination.port'] = row.port;
      found = this.#cache.keep(place, side.id, new AttributeSet(values), side.uid === undefined ? [] : [side.uid]);
    }
    if (found === null) this.#addOverflow(row.attributes, direction, row.drops, row.bytes);
    else this.#table.add(found, row.drops, row.bytes);
  }

  #addPair(row: FlowRow): void {
    const source = this.#cache.side(row.source.attributes);
    const destination = this.#cache.side(row.destination.attributes);
    if (!source.observed && !destination.observed) return;
    const place = this.#cache.place(row, '');
    const key = source.id * SeriesCache.MOST_SIDES + destination.id;
    const direction = String(row.attributes.get('direction') ?? 'unknown');
    let found = place.get(key);
    if (found === undefined || found?.ended) {
      const values = this.#identity(row, direction);
      publish(source, this.#config.source, 'source.', values);
      publish(destination, this.#config.destination, 'destination.', values);
      if (this.#config.destination.includes('port') && row.port !== 0) values['destination.port'] = row.port;
      const uids = [source.uid, destination.uid].filter((uid) => uid !== undefined);
      found = this.#cache.keep(place, key, new AttributeSet(values), uids);
    }
    if (found === null) this.#addOverflow(row.attributes, direction, row.drops, row.bytes);
    else this.#table.add(found, row.drops, row.bytes);
  }

  /** Bytes and calls that failed are told apart by the reason, so the errno's name makes no series of its own. */
  #identity({ attributes }: FlowRow, direction: string): Record<string, AttributeValue> {
    const values: Record<string, AttributeValue> = { reason: attributes.get('reason') ?? '', direction };
    const drawn = attributes.get('class');
    if (drawn !== undefined) values.class = drawn;
    return values;
  }

  #addOverflow(attributes: AttributeSet, direction: string, drops: number, bytes: number | undefined): void {
    this.#overflowDrops += drops;
    this.#table.add(this.#table.overflow(String(attributes.get('reason') ?? ''), direction), drops, bytes);
  }
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
