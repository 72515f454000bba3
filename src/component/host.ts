import type { Authenticator } from './authenticator.ts';

/** The health of one component, for health_check and the log. */
export interface ComponentHealth {
  readonly id: string;
  readonly healthy: boolean;
  readonly why: string;
}

/** The state of a source outside the pipeline, such as the list of the cluster's pods. */
export interface SourceState {
  /** Such as `k8s_attributes pods`. */
  readonly source: string;
  /** One word, such as `synced`. */
  readonly state: string;
  /** Milliseconds since it was last known to be correct; undefined if it never was. */
  readonly ageMillis: number | undefined;
  /** The current problem; empty if there is none. */
  readonly why: string;
}

/** What the service does for a started component. */
export interface Host {
  /**
   * Makes every receiver upstream of this component (for an extension: all receivers) do a read that begins after this call. Resolves when
   * the batches have arrived: the counters then include all drops from before the call. Never rejects: a failed read is logged, and the
   * counters stay as after the last successful one.
   */
  refresh(): Promise<void>;
  /** The health of each receiver: whether its programs are attached. */
  health(): readonly ComponentHealth[];
  /** The states of the processors' sources. */
  sources(): readonly SourceState[];
  /** The authenticator of a running extension, by its id; undefined if there is none. */
  authenticator(id: string): Authenticator | undefined;
}
