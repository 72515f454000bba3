import type { AttributeSet } from '../../../pdata/attributes.ts';
import type { LossRow } from '../../../pdata/batch.ts';
import type { DropRow } from '../../../pdata/drop_row.ts';
import type { FlowColumns } from '../../../pdata/flow_columns.ts';
import type { Flows } from '../probe.ts';

/** The result of one read: flows and overflow, if counted. */
export interface Unread {
  readonly rows: DropRow[];
  readonly losses: LossRow[];
  /** Of each drain that it includes. */
  readonly flows: FlowColumns[];
  readonly overflow: DropRow[];
  /** Series that end after it. */
  readonly ended: AttributeSet[];
  /** What series had counted that ended before this process began. */
  readonly before: DropRow[];
}

export function nothingUnread(): Unread {
  return { rows: [], losses: [], flows: [], overflow: [], ended: [], before: [] };
}

/** How far the kernel's counts have been read: the values at the last report. */
export interface Progress {
  /** When these counts began, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  /** Packets and bytes of node rows, as they lie in Probe.counters. */
  readonly node: Float64Array;
  /** Those of the other rows, by the kernel's key. */
  readonly entries: Map<string, { packets: number; bytes: number }>;
  /** What of both had no room among the flows. */
  readonly nodeOverflow: Float64Array;
  readonly entriesOverflow: Map<string, { packets: number; bytes: number }>;
  /** Loss slots that are made in user space. */
  readonly losses: Map<string, number>;
  /** Read from the kernel and not passed on yet. If a read fails half-way, the next one includes its counts. */
  unread: Unread;
  /** Taken from the kernel and not decoded yet. */
  readonly drained: Flows[];
  /** Whether this process has reported these values. Those of an earlier process are reported once. */
  isBegun: boolean;
  /** Whether it has reported the counts of series that ended before it began. */
  hasToldEnded: boolean;
}

export function noProgress(words: number, startTimeMillis: number): Progress {
  return {
    startTimeMillis,
    node: new Float64Array(words),
    entries: new Map(),
    nodeOverflow: new Float64Array(words),
    entriesOverflow: new Map(),
    losses: new Map(),
    unread: nothingUnread(),
    drained: [],
    isBegun: false,
    hasToldEnded: false,
  };
}

/** The progress with pinned maps, by directory. Exporters outlive a reload, so this must too. */
const ofPinned = new Map<string, Progress>();

/**
 * The progress of this process with the pins in a directory: the beginning, unless it has read there before and the counts are the
 * same.
 */
export function progressOfPinned(directory: string, words: number, startTimeMillis: number): Progress {
  let progress = ofPinned.get(directory);
  if (progress === undefined || progress.startTimeMillis !== startTimeMillis || progress.node.length !== words) {
    progress = noProgress(words, startTimeMillis);
    ofPinned.set(directory, progress);
  }
  return progress;
}
