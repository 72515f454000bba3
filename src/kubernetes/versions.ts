/**
 * Compares resource versions. They are opaque, but have always been decimal numbers. Undefined if one is not; else less than, equal to
 * or greater than 0.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined;
  // Compared as texts because they have 64 bits: the longer one is greater.
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The number of deleted objects to remember, so that late events don't bring them back. */
const MOST_REMEMBERED = 4096;

/** Knows the version of each object, so that repeated and late events change nothing. */
export class KnownObjects {
  readonly #known = new Map<string, string>();
  /** Versions at which objects were deleted, oldest first. */
  readonly #gone = new Map<string, string>();
  /** The version of the last list. Events up to it are old. */
  #listed = '';

  get size(): number {
    return this.#known.size;
  }

  has(uid: string): boolean {
    return this.#known.has(uid);
  }

  /** Replaces everything with a complete list. */
  reset(listed: string, objects: Iterable<readonly [uid: string, version: string]>): void {
    this.#listed = listed;
    this.#gone.clear();
    this.#known.clear();
    for (const [uid, version] of objects) this.#known.set(uid, version);
  }

  /** Stores this version if it is newer than the known one; returns whether it was. */
  set(uid: string, version: string): boolean {
    const before = this.#known.get(uid) ?? this.#gone.get(uid) ?? this.#listed;
    // If versions can't be compared, rely on the order in which they arrive.
    if ((compareVersions(version, before) ?? 1) <= 0) return false;
    this.#gone.delete(uid);
    this.#known.set(uid, version);
    return true;
  }

  /**
   * An object was deleted or no longer matches; returns whether it was known. It may come back in a newer version, for example when it
   * matches a selector again.
   */
  delete(uid: string, version: string): boolean {
    const before = this.#known.get(uid);
    if (before !== undefined && (compareVersions(version, before) ?? 0) < 0) return false;
    const gone = this.#gone.get(uid);
    if (gone === undefined || (compareVersions(version, gone) ?? 1) > 0) this.#remember(uid, version);
    return this.#known.delete(uid);
  }

  #remember(uid: string, version: string): void {
    this.#gone.delete(uid);
    this.#gone.set(uid, version);
    if (this.#gone.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }
}
