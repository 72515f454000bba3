import type { Counter } from '@opentelemetry/api';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { PROCESSOR } from '../../metrics/definitions.ts';
import { counter, gauge } from '../../metrics/instruments.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import type { FlowRead, FlowRow } from '../../pdata/flow.ts';
import { overflowOf } from '../../pdata/overflow.ts';
import { sumOf } from '../../pdata/sums.ts';
import type { FlowAttributesConfig } from './config.ts';
import { FlowSeries } from './flow_series.ts';
import { type Bounds, type Candidate, SeriesTable } from './series_table.ts';

/** The flows of one series in one read. */
class Sum implements Candidate {
  readonly key: string;
  readonly flow: FlowRow;
  readonly #series: FlowSeries;
  drops = 0;
  bytes: number | undefined;

  constructor(key: string, flow: FlowRow, series: FlowSeries) {
    this.key = key;
    this.flow = flow;
    this.#series = series;
  }

  attributes(): AttributeSet {
    return this.#series.attributesOf(this.flow);
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Makes the rows of a read out of its flows: the same drops, told apart by more. What the kernel had no room for, and what is over
 * the bound, is summed by reason and direction, so that the sums are the node's. Batches without flows pass: the rows at 0, and
 * after a restart what an earlier process had told, whose flows are gone.
 */
export class FlowAttributes implements Processor {
  readonly #next: Consumer;
  readonly #settings: Pick<Settings, 'id' | 'logger'>;
  readonly #bounds: Bounds;
  readonly #flowSeries: FlowSeries;
  readonly #table: SeriesTable;
  readonly #series: ReturnType<typeof gauge>;
  readonly #overflow: Counter;
  readonly #ended: Counter;
  #hasWarned = false;

  constructor(settings: Pick<Settings, 'id' | 'logger' | 'meter' | 'keep'>, config: FlowAttributesConfig, next: Consumer) {
    this.#settings = settings;
    this.#next = next;
    this.#bounds = { maxSeries: config.max_series, expirationMillis: config.metric_expiration };
    this.#flowSeries = new FlowSeries(config);
    // Exporters go on publishing what they have once been told until it ends, also after a reload.
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
    const over = [...beyond.map(({ drops, bytes, flow: { attributes } }) => ({ attributes, drops, bytes })), ...overflow];
    const sums = new Map<AttributeSet, Writable<DropRow>>();
    for (const row of over) {
      const attributes = overflowOf(row.attributes);
      const sum = sums.get(attributes);
      if (sum === undefined) sums.set(attributes, { attributes, drops: row.drops, bytes: row.bytes });
      else add(sum, row);
    }
    this.#record({ beyond: sumOf(over).drops, ended: ended.length });
    return { rows: [...rows, ...sums.values()], ended: [...before, ...ended] };
  }

  #sum(flows: readonly FlowRow[]): Iterable<Sum> {
    const sums = new Map<string, Sum>();
    for (const flow of flows) {
      const key = this.#flowSeries.keyOf(flow);
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = new Sum(key, flow, this.#flowSeries);
        sums.set(key, sum);
      }
      add(sum, flow);
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

function add(sum: Writable<Pick<DropRow, 'drops' | 'bytes'>>, { drops, bytes }: Pick<DropRow, 'drops' | 'bytes'>): void {
  sum.drops += drops;
  if (bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + bytes;
}
