import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { START_MILLIS } from '../../../support/rows.ts';

/** The read of so many seconds after the start, of `count` flows whose port is the number of the read. */
export function read(seconds: number, count = 1, given: Partial<DropBatch> = {}): DropBatch {
  const flows = Array.from({ length: count }, (_, i) => flow(`10.0.${i >> 8}.${i & 255}`, '10.1.0.1', { port: seconds }));
  return flowBatch(flows, { trigger: 'interval', timeMillis: START_MILLIS + seconds * 1_000, ...given });
}
