import type { AttributeSet } from './attributes.ts';
import type { DropRow } from './drop_row.ts';
import type { FlowRead } from './flow_read.ts';

/** What was added to one loss slot (bpf/dropreason.h lists them) since the last read. */
export interface LossRow {
  readonly slot: string;
  readonly count: number;
}

/** Whether a hook is attached. State, not a delta: the last one wins. */
export interface HookStatus {
  readonly hook: string;
  readonly attached: boolean;
  /** `fexit`, `kprobe`, `tracepoint`, `state`, or `none` if it isn't attached. */
  readonly rung: string;
  /** Why it isn't attached, or not on a better rung, as a short code (hook_why.ts); empty if there is no reason. */
  readonly why: string;
  /** The same in full, for people to read. */
  readonly detail: string;
}

/** Series that come and go. */
export interface PodRead {
  /** Additive, as the node's rows are. */
  readonly rows: readonly DropRow[];
  /** Series that end with this batch, after its rows: exporters forget them. A later row starts a new one. */
  readonly ended: readonly AttributeSet[];
  /** None of the drops in `rows` happened before it, in milliseconds since the epoch; absent: all since the last read. */
  readonly sinceMillis?: number;
}

/** One read of a receiver, or what the processors made of it. */
export interface DropBatch {
  /** `interval`: the receiver's clock caused this read, so push exporters push. `request`: a scrape or an export did. */
  readonly trigger: 'interval' | 'request';
  /** When the receiver began to count, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  /**
   * The first batch of a receiver whose counts start again after a reload: its earlier series are over. Pins that a later process continues
   * with must not stand for less than has been published.
   */
  readonly anew?: boolean;
  /** The counts are those of an earlier process, whose pinned maps this receiver carries on. */
  readonly inherited?: boolean;
  /** When this read was made, in milliseconds since the epoch. Earlier than the previous read if the clock was set back. */
  readonly timeMillis: number;
  /** The same moment by performance.now(), which can't be set. Used to measure ages. */
  readonly steadyMillis: number;
  readonly rows: readonly DropRow[];
  /** Series of `rows` that end with this batch, after its rows: exporters forget them. A later row starts a new one. */
  readonly ended?: readonly AttributeSet[];
  /** What series had counted that ended under an earlier process, whose counters these carry on; by reason and direction. */
  readonly endedBefore?: readonly DropRow[];
  readonly losses: readonly LossRow[];
  readonly hooks: readonly HookStatus[];
  /** In advanced mode: the flows of the drops in `rows`. Absent from a batch with rows only. */
  readonly flows?: FlowRead;
  /** What a processor has made of the flows: series of their own beside the node's. */
  readonly pods?: PodRead;
}
