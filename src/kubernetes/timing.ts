/** Timeouts and waits of a list and watch. In milliseconds unless the name says otherwise. */
export interface Timing {
  /** First wait after a failure. Each further wait is twice as long, up to `backoffMostMillis`. All have ± 50% jitter. */
  readonly backoffMillis: number;
  readonly backoffMostMillis: number;
  /** A watch that was open this long is healthy: the waits start again at `backoffMillis`. */
  readonly healthyMillis: number;
  /** Between attempts while RBAC forbids the resource and never allowed it, and while the cluster has no such resource. */
  readonly forbiddenMillis: number;
  readonly absentMillis: number;
  /** One page of a list, from the request to its last byte. An API server gives up after 60 s. */
  readonly pageMillis: number;
  /** From a watch's request to the response headers. */
  readonly openMillis: number;
  /** The connection is considered dead after this time without an event or bookmark. A server sends a bookmark about every minute. */
  readonly idleMillis: number;
  /** How long the server is asked to keep a watch open, plus a random extra of up to the same time. */
  readonly watchSeconds: number;
  /** How long the state still counts as in sync after the watch has ended. */
  readonly inStepMillis: number;
  /** A watch that was open this long has delivered all earlier changes. */
  readonly settleMillis: number;
}

export const TIMING: Timing = {
  backoffMillis: 1_000,
  backoffMostMillis: 30_000,
  healthyMillis: 60_000,
  forbiddenMillis: 60_000,
  absentMillis: 300_000,
  pageMillis: 60_000,
  openMillis: 30_000,
  idleMillis: 150_000,
  watchSeconds: 300,
  inStepMillis: 60_000,
  settleMillis: 1_000,
};
