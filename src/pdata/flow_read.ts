import type { DropRow } from './drop_row.ts';
import type { FlowColumns } from './flow_columns.ts';
import type { Sums } from './sums.ts';

/**
 * The flows of one read. They and the overflow are all that the node's rows rose by: `rows` + `overflow` = `node`. A processor that has flows
 * wait (k8s_attributes) keeps that for all reads together, not for each.
 */
export interface FlowRead {
  readonly rows: FlowColumns;
  /** What the kernel had no room for, by reason and direction. */
  readonly overflow: readonly DropRow[];
  /** The increase of the node's rows, summed in the place where they are counted. */
  readonly node: Sums;
  /**
   * `k8s.pod.uid` of pods that have ended (deleted or finished) since the previous batch. Each is reported once. This batch and later ones
   * may still contain their drops. Absent if there are none.
   */
  readonly endedPods?: readonly string[];
  /**
   * Where a processor has kept rows back for a while: the time of the read before the oldest of them, in milliseconds since
   * the epoch. None of these drops happened before it. Absent: all happened since the last read.
   */
  readonly sinceMillis?: number;
}
