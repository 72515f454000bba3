/** How patient a list and watch is; all in milliseconds but where the name says otherwise. */
export interface Timing {
  /** First wait after a failure. Each that follows is twice as long, up to `backoffMostMillis`; all are spread by ± half. */
  readonly backoffMillis: number;
  readonly backoffMostMillis: number;
  /** A watch that was open for so long is healthy: the waits begin at `backoffMillis` again. */
  readonly healthyMillis: number;
  /** Between attempts where RBAC forbids and never has allowed, and where the cluster has no such resource. */
  readonly forbiddenMillis: number;
  readonly absentMillis: number;
  /** One page of a list, from the request to its last byte. An API server gives up after 60 s. */
  readonly pageMillis: number;
  /** From a watch's request to its answer. */
  readonly openMillis: number;
  /** No event and no bookmark (a server sends one about every minute) for so long: the connection is taken for dead. */
  readonly idleMillis: number;
  /** For how long a server is asked to keep a watch open: the first, and up to as much again, drawn by lot. */
  readonly watchSeconds: number;
  /** For how long after its watch has ended a list still counts as in step. */
  readonly inStepMillis: number;
  /** A watch that was open for so long has told all that happened before it was. */
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
