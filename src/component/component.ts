import type { HookStatus } from '../pdata/batch.ts';
import type { Authenticator } from './authenticator.ts';
import type { Consumer } from './consumer.ts';
import type { Host, SourceState } from './host.ts';

/**
 * The life cycle of every component. The service calls `start` once: exporters first, then processors, then receivers. Then it calls
 * `shutdown` once, receivers first. `shutdown` frees everything. It is also called if `start` failed or was never called, and may be
 * called twice. If a signal ends the agent during `start`, `shutdown` is called meanwhile: `start` then resolves or rejects soon, and
 * `shutdown` is called once more.
 */
export interface Component {
  /** Resolves when the component works; rejects with a ComponentError if it can't start. */
  start(host: Host): Promise<void>;
  /** Flushes and frees. Resolves within `deadlineMillis` whatever a peer does. Never rejects. */
  shutdown(deadlineMillis: number): Promise<void>;
}

/** Reads the kernel and passes batches to its consumers. One instance, however many pipelines use it. */
export interface Receiver extends Component {
  /** The longest time between two reads. */
  readonly collectionIntervalMillis: number;
  /** Starts a new read, which no earlier caller started. Resolves when its batch has passed through the pipelines. */
  read(trigger: 'interval' | 'request'): Promise<void>;
  /** Sends the rows that exist at 0 again, for consumers that are new after a reload. */
  announce(): void;
  /**
   * Identifies counts that outlive the process, such as pinned maps. Stays the same for as long as the counts exist. Undefined if the
   * counts end with the process, and before `start`.
   */
  readonly instance?: string | undefined;
  /** The state of the hooks; empty before `start`. */
  hooks(): readonly HookStatus[];
}

/** A function over batches, one instance per pipeline. It gets its next stage at creation. */
export interface Processor extends Component, Consumer {
  /** The state of its sources outside the pipeline, one line each, for health_check. They don't affect the agent's health. */
  sources?(): readonly SourceState[];
  /**
   * Called instead of `shutdown` at a reload, if the new graph has a processor with this pipeline and id. Passes retained data to it
   * through `Settings.keep`. Batches still arrive until the new processor gets its first one. Never rejects.
   */
  handOver?(deadlineMillis: number): Promise<void>;
}

/** Accumulates batches into its own counters and publishes them. One instance, however many pipelines use it. */
export interface Exporter extends Component, Consumer {
  /** Where to find its output, such as `curl localhost:9464/metrics`. Logged after the start. */
  readonly place?: string | undefined;
  /** Continues in the file that is at its path now. Called at a SIGHUP that keeps this exporter. */
  reopen?(): void;
}

/** A component outside the pipelines, such as a health check. */
export interface Extension extends Component {
  /** What it does for components that name it under `auth`. Such extensions start before all others, and stop after them. */
  readonly authenticator?: Authenticator;
}
