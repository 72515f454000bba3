import { isDeepStrictEqual } from 'node:util';
import type { WatchEvents } from '../../../kubernetes/watched_resource.ts';

/** What changed; `before` is undefined for a new record, `after` for one that is gone. */
export type Change<T> = (before: T | undefined, after: T | undefined) => void;

/** The records of one resource by uid. Events that don't change the record (most of a node's) change nothing here. */
export class Table<T extends { readonly uid: string }> implements WatchEvents<T> {
  readonly #records = new Map<string, T>();
  readonly #changed: Change<T>;

  constructor(changed: Change<T>) {
    this.#changed = changed;
  }

  get(uid: string): T | undefined {
    return this.#records.get(uid);
  }

  get size(): number {
    return this.#records.size;
  }

  replaced(all: readonly T[]): void {
    const uids = new Set(all.map(({ uid }) => uid));
    for (const uid of [...this.#records.keys()]) if (!uids.has(uid)) this.deleted(uid);
    for (const record of all) this.set(record);
  }

  set(record: T): void {
    const before = this.#records.get(record.uid);
    if (before !== undefined && isDeepStrictEqual(before, record)) return;
    this.#records.set(record.uid, record);
    this.#changed(before, record);
  }

  deleted(uid: string): void {
    const before = this.#records.get(uid);
    if (before === undefined) return;
    this.#records.delete(uid);
    this.#changed(before, undefined);
  }
}
