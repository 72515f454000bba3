import type { Counter } from '@opentelemetry/api';
import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/factory.ts';
import { PROCESSOR } from '../../metrics/definitions.ts';
import { counter, gauge } from '../../metrics/instruments.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch, DropRow } from '../../pdata/batch.ts';
import { overflowOf } from '../../pdata/overflow.ts';
import type { FlowAttributesConfig } from './config.ts';
import { SeriesTable } from './series_table.ts';

type Sum = { -readonly [K in keyof DropRow]: DropRow[K] };

/**
 * Makes the rows of a read out of its flows: the same drops, told apart by more. What the kernel had no room for, and what is over
 * the bound, is summed by reason and direction, so that the sums are the node's. Batches without flows pass: the rows at 0, and
 * after a restart what an earlier process had told, whose flows are gone.
 */
export class FlowAttributes implements Processor {
  readonly #next: Consumer;
  readonly #settings: Pick<Settings, 'id' | 'logger'>;
  readonly #table: SeriesTable;
  readonly #series: ReturnType<typeof gauge>;
  readonly #overflow: Counter;
  #hasWarned = false;

  constructor(settings: Pick<Settings, 'id' | 'logger' | 'meter' | 'keep'>, config: FlowAttributesConfig, next: Consumer) {
    this.#settings = settings;
    this.#next = next;
    // Exporters go on publishing what they have once been told, also after a reload.
    this.#table = new SeriesTable(
      config,
      settings.keep('series', () => new Map()),
    );
    this.#series = gauge(settings.meter, PROCESSOR.series);
    this.#overflow = counter(settings.meter, PROCESSOR.overflow);
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    if (batch.flows === undefined) this.#warnOnce(batch);
    this.#next.consume(batch.flows === undefined ? batch : { ...batch, rows: this.#rows(batch.flows) });
  }

  #rows({ rows, overflow }: NonNullable<DropBatch['flows']>): DropRow[] {
    const sums = new Map<AttributeSet, Sum>();
    let beyond = 0;
    for (const flow of rows) {
      const attributes = this.#table.of(flow);
      if (attributes === undefined) beyond += flow.drops;
      add(sums, attributes ?? overflowOf(flow.attributes), flow);
    }
    for (const row of overflow) {
      beyond += row.drops;
      add(sums, overflowOf(row.attributes), row);
    }
    const processor = this.#settings.id;
    this.#series.record(this.#table.size, { processor });
    this.#overflow.add(beyond, { processor });
    return [...sums.values()];
  }

  #warnOnce({ trigger }: DropBatch): void {
    if (trigger !== 'interval' || this.#hasWarned) return;
    this.#hasWarned = true;
    const { logger, id } = this.#settings;
    logger.warn({ processor: id }, 'no flows arrive here: set "mode: advanced" on the receiver of this pipeline');
  }
}

function add(sums: Map<AttributeSet, Sum>, attributes: AttributeSet, { drops, bytes }: Pick<DropRow, 'drops' | 'bytes'>): void {
  const sum = sums.get(attributes);
  if (sum === undefined) {
    sums.set(attributes, { attributes, drops, bytes });
    return;
  }
  sum.drops += drops;
  if (bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + bytes;
}
