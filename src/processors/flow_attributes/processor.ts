import type { Counter } from '@opentelemetry/api';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { PROCESSOR } from '../../metrics/definitions.ts';
import { counter, gauge } from '../../metrics/instruments.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import type { FlowKind } from '../../pdata/flow.ts';
import { bytesAt, type FlowColumns } from '../../pdata/flow_columns.ts';
import type { FlowRead } from '../../pdata/flow_read.ts';
import { overflowOf } from '../../pdata/overflow.ts';
import { addTo, sumOf } from '../../pdata/sums.ts';
import type { FlowAttributesConfig } from './config.ts';
import { type SeriesOfFlows, seriesOf } from './flow_series.ts';
import { type Bounds, type Candidate, SeriesTable } from './series_table.ts';

/** The flows of one series in one read. */
class Sum implements Candidate {
  readonly key: string;
  readonly #series: SeriesOfFlows;
  /** The first of them. */
  readonly first: number;
  drops = 0;
  bytes: number | undefined;

  constructor(key: string, series: SeriesOfFlows, first: number) {
    this.key = key;
    this.#series = series;
    this.first = first;
  }

  attributes(): AttributeSet {
    return this.#series.attributesOf(this.first);
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Replaces the rows of a read by its flows: the same drops with more attributes. Drops that the kernel had no room for, and those over the
 * limit, are summed by reason and direction, so that the sums equal the node's. Batches without flows pass: the rows at 0 and, after a
 * restart, the counts of an earlier process, whose flows are gone.
 */
export class FlowAttributes implements Processor {
  readonly #next: Consumer;
  readonly #settings: Pick<Settings, 'id' | 'logger'>;
  readonly #bounds: Bounds;
  readonly #config: FlowAttributesConfig;
  readonly #table: SeriesTable;
  readonly #series: ReturnType<typeof gauge>;
  readonly #overflow: Counter;
  readonly #ended: Counter;
  #hasWarned = false;

  constructor(settings: Pick<Settings, 'id' | 'logger' | 'meter' | 'keep'>, config: FlowAttributesConfig, next: Consumer) {
    this.#settings = settings;
    this.#next = next;
    this.#bounds = { maxSeries: config.max_series, expirationMillis: config.metric_expiration };
    this.#config = config;
    // Exporters continue to publish a series until it ends, also after a reload.
    this.#table = settings.keep('series', () => new SeriesTable());
    this.#series = gauge(settings.meter, PROCESSOR.series);
    this.#overflow = counter(settings.meter, PROCESSOR.overflow);
    this.#ended = counter(settings.meter, PROCESSOR.seriesEnded);
  }

  async start(): Promise<void> {
    this.#record({ beyond: 0, ended: 0 });
  }

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    if (batch.flows === undefined) this.#warnOnce(batch);
    this.#next.consume(batch.flows === undefined ? batch : { ...batch, ...this.#read(batch.flows, batch) });
  }

  #read({ rows: flows, overflow }: FlowRead, { steadyMillis, ended: before = [] }: DropBatch): Pick<DropBatch, 'rows' | 'ended'> {
    const { rows, beyond, ended } = this.#table.admit(this.#sum(flows), steadyMillis, this.#bounds);
    const rowOf = ({ first, drops, bytes }: Sum): DropRow => {
      const { attributes } = flows.kinds[flows.kind[first] as number] as FlowKind;
      return { attributes, drops, bytes };
    };
    const over = [...beyond.map(rowOf), ...overflow];
    const sums = new Map<AttributeSet, Writable<DropRow>>();
    for (const row of over) {
      const attributes = overflowOf(row.attributes);
      const sum = sums.get(attributes);
      if (sum === undefined) sums.set(attributes, { attributes, drops: row.drops, bytes: row.bytes });
      else addTo(sum, row.drops, row.bytes);
    }
    this.#record({ beyond: sumOf(over).drops, ended: ended.length });
    return { rows: [...rows, ...sums.values()], ended: [...before, ...ended] };
  }

  #sum(flows: FlowColumns): Iterable<Sum> {
    const series = seriesOf(flows, this.#config);
    const sums = new Map<string, Sum>();
    for (let index = 0; index < flows.length; index++) {
      const key = series.keyOf(index);
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = new Sum(key, series, index);
        sums.set(key, sum);
      }
      addTo(sum, flows.drops[index] as number, bytesAt(flows, index));
    }
    return sums.values();
  }

  #record({ beyond, ended }: { readonly beyond: number; readonly ended: number }): void {
    const processor = this.#settings.id;
    this.#series.record(this.#table.size, { processor });
    this.#overflow.add(beyond, { processor });
    this.#ended.add(ended, { processor });
  }

  #warnOnce({ trigger }: DropBatch): void {
    if (trigger !== 'interval' || this.#hasWarned) return;
    this.#hasWarned = true;
    const { logger, id } = this.#settings;
    logger.warn({ processor: id }, 'no flows arrive here: set "mode: advanced" on the receiver of this pipeline');
  }
}
