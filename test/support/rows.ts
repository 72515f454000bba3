import type { Consumer } from '../../src/component/consumer.ts';
import { AttributeSet, type AttributeValue } from '../../src/pdata/attributes.ts';
import type { DropBatch } from '../../src/pdata/batch.ts';
import type { DropRow } from '../../src/pdata/drop_row.ts';

export const START_MILLIS = Date.UTC(2026, 0, 2, 3, 4, 5);

export function row(attributes: Record<string, AttributeValue>, drops: number, bytes?: number): DropRow {
  return { attributes: new AttributeSet(attributes), drops, bytes };
}

export function batch(rows: readonly DropRow[], more: Partial<DropBatch> = {}): DropBatch {
  return {
    trigger: 'request',
    startTimeMillis: START_MILLIS,
    timeMillis: START_MILLIS + 1_000,
    steadyMillis: more.timeMillis ?? START_MILLIS + 1_000,
    rows,
    losses: [],
    hooks: [],
    ...more,
  };
}

/** A last stage that records batches. */
export class Sink implements Consumer {
  readonly batches: DropBatch[] = [];

  consume(given: DropBatch): void {
    this.batches.push(given);
  }

  /** The rows of the last batch. */
  get rows(): readonly DropRow[] {
    return this.batches.at(-1)?.rows ?? [];
  }
}
