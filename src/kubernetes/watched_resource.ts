/** A resource to list and watch, and the part of it to keep. */
export interface WatchedResource<T extends { readonly uid: string }> {
  /** The plural as used in RBAC, such as `pods`. */
  readonly name: string;
  /** Such as `/api/v1/pods` or `/apis/discovery.k8s.io/v1/endpointslices`; for one namespace, the path within it. */
  readonly path: string;
  /** `fieldSelector`, `labelSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Makes the record to keep from a Kubernetes object in JSON. Undefined means not of interest, and counts as deleted. Keep only strings
   * of the object, not the object.
   */
  record(object: unknown): T | undefined;
}

/** The listener. Never called after `stop`. Exceptions are logged and end nothing. */
export interface WatchEvents<T> {
  /** A whole list was read: objects missing from it are gone. */
  replaced(all: readonly T[]): void;
  /** New or changed. */
  set(record: T): void;
  /** Deleted. Only called for uids that were reported before. */
  deleted(uid: string): void;
}
