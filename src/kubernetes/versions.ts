/** Resource versions are opaque, but have always been decimal numbers: undefined where one isn't, else less, equal or greater than 0. */
export function compareVersions(a: string, b: string): number | undefined {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined;
  // As texts, since they are 64 bits wide: the longer one is greater.
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Deleted objects that are remembered, so that nothing late brings them back. */
const MOST_REMEMBERED = 4096;

/** Which version of each object is known, so that events which come twice or late change nothing. */
export class KnownObjects {
  readonly #known = new Map<string, string>();
  /** Versions at which objects went, oldest first. */
  readonly #gone = new Map<string, string>();
  /** Of the last list: nothing up to it is news. */
  #listed = '';

  get size(): number {
    return this.#known.size;
  }

  has(uid: string): boolean {
    return this.#known.has(uid);
  }

  /** A whole list has been read. */
  reset(listed: string, objects: Iterable<readonly [uid: string, version: string]>): void {
    this.#listed = listed;
    this.#gone.clear();
    this.#known.clear();
    for (const [uid, version] of objects) this.#known.set(uid, version);
  }

  /** Whether this version of an object is news; if so, it is the one known from now on. */
  set(uid: string, version: string): boolean {
    const before = this.#known.get(uid) ?? this.#gone.get(uid) ?? this.#listed;
    // Where versions can't be compared, the order in which the server tells is all there is to go by.
    if ((compareVersions(version, before) ?? 1) <= 0) return false;
    this.#gone.delete(uid);
    this.#known.set(uid, version);
    return true;
  }

  /**
   * An object is gone, or no longer of interest: whether it was known until now. One that is gone may come back in a newer version,
   * where it no longer fitted a selector and then did again.
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
