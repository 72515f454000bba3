/** What is listed and watched, and what is kept of it. */
export interface WatchedResource<T extends { readonly uid: string }> {
  /** The plural, as RBAC names it, such as `pods`. */
  readonly name: string;
  /** Such as `/api/v1/pods` or `/apis/discovery.k8s.io/v1/endpointslices`; a namespace's own where one alone is asked for. */
  readonly path: string;
  /** `fieldSelector`, `labelSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * The slim record to keep of a Kubernetes object as JSON; undefined where it is not of interest, which counts as deleted.
   * Nothing of the object itself should be kept but its texts.
   */
  record(object: unknown): T | undefined;
}

/** Who is told. Never called after `stop` has been called; what is thrown is logged, and ends nothing. */
export interface WatchEvents<T> {
  /** A whole list has been read: what isn't in it is gone. */
  replaced(all: readonly T[]): void;
  /** New or changed. */
  set(record: T): void;
  /** Gone; only of uids that were told before. */
  deleted(uid: string): void;
}
