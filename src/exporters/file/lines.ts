import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import { type FlowRow, flowAttributes } from '../../pdata/flow.ts';
import { flowAt } from '../../pdata/flow_columns.ts';
import type { FlowRead } from '../../pdata/flow_read.ts';
import { OVERFLOW } from '../../pdata/overflow.ts';

/** The flows of one read, with the time that they are of. */
export interface TimedRead {
  /** When the read before it was made, in milliseconds since the epoch; of the first, when the receiver began to count. */
  readonly startTimeMillis: number;
  readonly timeMillis: number;
  readonly flows: FlowRead;
}

/** So many lines take about a millisecond to make. */
const SLICE = 256;

/** How many lines a read is made of: the flows, and what the kernel had no room for. */
export function countLines({ flows }: TimedRead): number {
  return flows.rows.length + flows.overflow.length;
}

/**
 * A read as JSON lines (https://jsonlines.org), some at a time. Each line is an object:
 * - `time`, `start_time`: RFC 3339 in UTC with milliseconds. The drops happened after `start_time`, until `time`.
 * - `drops`: packets, or failed calls if the attribute `class` is `call`.
 * - `bytes`: of those packets, from the network header on; calls have none.
 * - `attributes`: those of the flow (`reason`, `direction`, `class`, `error.type`, `network.transport`,
 *   `network.interface.name`, `network.namespace.inode`, `.cookie` and `.name`, `destination.port`) and of its ends, with `source.` and `destination.`
 *   prefixed with `source.` and `destination.`: `source.address`, and what processors have added. For drops that did not fit into the
 *   flow map: the attributes of their row and `otel.metric.overflow: "true"`.
 * The lines of a read add up to the increase of the node's rows, in drops and in bytes.
 */
export function* linesOf(read: TimedRead): Generator<{ readonly count: number; readonly text: string }> {
  const time = new Date(read.timeMillis).toISOString();
  const start_time = new Date(read.startTimeMillis).toISOString();
  const { rows, overflow } = read.flows;
  const line = (row: FlowRow | DropRow, attributes: AttributeSet['values']) =>
    `${JSON.stringify({ time, start_time, drops: row.drops, bytes: row.bytes, attributes })}\n`;
  for (let from = 0; from < rows.length; from += SLICE) {
    const count = Math.min(SLICE, rows.length - from);
    let text = '';
    for (let index = from; index < from + count; index++) {
      const flow = flowAt(rows, index);
      text += line(flow, flowAttributes(flow));
    }
    yield { count, text };
  }
  for (let from = 0; from < overflow.length; from += SLICE) {
    const slice = overflow.slice(from, from + SLICE);
    const text = slice.map((row) => line(row, { ...row.attributes.values, [OVERFLOW]: 'true' })).join('');
    yield { count: slice.length, text };
  }
}
