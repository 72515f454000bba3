import type { AttributeSet } from './attributes.ts';

/**
 * What was added to one series since the receiver's last read. Rows are additive: a processor may merge rows, or drop
 * attributes, by adding `drops` to `drops` and `bytes` to `bytes`.
 */
export interface DropRow {
  readonly attributes: AttributeSet;
  /** Dropped packets, or failed calls if the attribute `class` is `call`. A row of 0 creates its series. */
  readonly drops: number;
  /** Bytes of those packets from the network header on; undefined for failed calls, which have none. */
  readonly bytes: number | undefined;
  /**
   * For the node's rows: when the series began, in milliseconds since the epoch, if that was after the receiver began to count. For merged
   * rows, the earliest.
   */
  readonly sinceMillis?: number;
}
