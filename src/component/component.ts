import type { HookStatus } from '../pdata/batch.ts';
import type { Consumer } from './consumer.ts';
import type { Host, SourceState } from './host.ts';

/**
 * The life of every component. The service calls `start` once, exporters first, then processors, receivers, and `shutdown`
 * once afterwards, receivers first. `shutdown` is also called when `start` failed or was never called, may be called
 * twice, and frees whatever there is to free. It may come while `start` is under way, where a signal ends the agent: `start`
 * then resolves or rejects soon, and `shutdown` is called once more.
 */
export interface Component {
  /** Resolves when the component does its work; rejects with a ComponentError where it can't. */
  start(host: Host): Promise<void>;
  /** Flushes and frees. Resolves within `deadlineMillis` whatever a peer does; never rejects. */
  shutdown(deadlineMillis: number): Promise<void>;
}

/** Reads the kernel and hands what it read to its consumers: one instance, however many pipelines name it. */
export interface Receiver extends Component {
  /** The most time that may pass between two reads. */
  readonly collectionIntervalMillis: number;
  /** Begins a read that no earlier caller has begun, and resolves when its batch has passed through the pipelines. */
  read(trigger: 'interval' | 'request'): Promise<void>;
  /** Hands on the rows that exist at 0 once more, for consumers that a reload has brought. */
  announce(): void;
  /**
   * Names what is counted where that outlives the process, such as pinned maps: the same as long as the counts are. Undefined
   * where they end with the process, and before `start`.
   */
  readonly instance?: string | undefined;
  /** Hooks as they stand; empty before `start`. */
  hooks(): readonly HookStatus[];
}

/** A function over batches, one instance per pipeline. It is given its next stage when it is made. */
export interface Processor extends Component, Consumer {
  /** How its sources outside of the pipeline are, one line each, for health_check; none make the agent ill. */
  sources?(): readonly SourceState[];
  /**
   * Called in place of `shutdown` at a reload whose new graph has a processor of this pipeline and id: what is kept back goes to that
   * one, by `Settings.keep`. Batches still come until that one's first. Never rejects.
   */
  handOver?(deadlineMillis: number): Promise<void>;
}

/** Accumulates batches into counters of its own and publishes them. One instance, however many pipelines name it. */
export interface Exporter extends Component, Consumer {
  /** Where a person finds what it publishes, such as `curl localhost:9464/metrics`; said once it has started. */
  readonly place?: string | undefined;
  /** Goes on in the file that is at its path now. Called at a SIGHUP that this exporter outlives. */
  reopen?(): void;
}

/** Something beside the pipelines, such as a health check. */
export interface Extension extends Component {}
