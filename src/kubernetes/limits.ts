/** Bounds on what an API server may send. Only an endless response or a broken proxy reaches them. */
export interface Limits {
  /** Objects of all resources of one processor. */
  readonly max_objects: number;
  /** Bytes of one object in a list, and of one event of a watch. */
  readonly max_object_bytes: number;
  /** Bytes of one page of a list. */
  readonly max_page_bytes: number;
}

export const LIMITS: Limits = {
  max_objects: 200_000,
  max_object_bytes: 4 * 1024 * 1024,
  max_page_bytes: 256 * 1024 * 1024,
};
