/** Whether one component is well, for health_check and the log. */
export interface ComponentHealth {
  readonly id: string;
  readonly healthy: boolean;
  readonly why: string;
}

/** How something is that a component learns from outside of the pipeline, such as a list of the cluster's pods. */
export interface SourceState {
  /** Such as `k8s_attributes pods`. */
  readonly source: string;
  /** One word, such as `synced`. */
  readonly state: string;
  /** Milliseconds since it was last known to be right; undefined where it never was. */
  readonly ageMillis: number | undefined;
  /** What keeps it from being right; empty where nothing does. */
  readonly why: string;
}

/** What the service does for a component that has started. */
export interface Host {
  /**
   * Has every receiver upstream of this component (all of them, for an extension) make a read that begins after this
   * call, and resolves when the batches have arrived: what was dropped before the call is in the counters after it.
   * Never rejects: a failed read is logged, and the counters are those of the last good one.
   */
  refresh(): Promise<void>;
  /** Health of each receiver: whether what counts is attached. */
  health(): readonly ComponentHealth[];
  /** What the processors say of their sources. */
  sources(): readonly SourceState[];
}
