import type { Logger } from 'pino';
import { ApiFailure } from './failure.ts';
import type { ObjectCount } from './object_count.ts';
import { compareVersions, KnownObjects } from './versions.ts';
import type { WatchEvents, WatchedResource } from './watched_resource.ts';

/** Read from every object before its record is made. */
interface Identity {
  readonly uid: string;
  readonly version: string;
}

const TYPES: readonly string[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

/** A list that is being read. Listeners get it only when it is complete. */
export class ListReading<T> {
  readonly records: T[] = [];
  readonly versions: [uid: string, version: string][] = [];

  add(record: T, { uid, version }: Identity): void {
    this.records.push(record);
    this.versions.push([uid, version]);
  }
}

/** Turns objects into records and reports each change once, in order. */
export class ObjectReader<T extends { readonly uid: string }> {
  readonly #resource: WatchedResource<T>;
  readonly #events: WatchEvents<T>;
  readonly #logger: Logger;
  readonly #count: ObjectCount;
  readonly #known = new KnownObjects();
  #version: string | undefined;
  #isStopped = false;
  #hasSkipped = false;

  constructor(resource: WatchedResource<T>, events: WatchEvents<T>, logger: Logger, count: ObjectCount) {
    this.#resource = resource;
    this.#events = events;
    this.#logger = logger;
    this.#count = count;
  }

  /** Where a watch resumes; undefined if a list is needed. */
  get version(): string | undefined {
    return this.#version;
  }

  /** The number of known objects. */
  get size(): number {
    return this.#known.size;
  }

  stop(): void {
    this.#isStopped = true;
    this.#count.set(this, 0);
  }

  /** Gives up the list that was being read. */
  settle(): void {
    this.#count.set(this, this.size);
  }

  /** Requires a list. The known objects stay until it has been read. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  startList(): ListReading<T> {
    return new ListReading();
  }

  /**
   * Reads one object of a list.
   *
   * @throws ApiFailure if it exceeds the limit.
   */
  read(object: unknown, reading: ListReading<T>): void {
    const identity = identityOf(object);
    if (identity === undefined || identity.uid === '') {
      this.#skip('it has no uid');
      return;
    }
    const record = this.#record(object);
    if (record === undefined) return;
    this.#count.set(this, Math.max(this.size, reading.records.length + 1));
    reading.add(record, identity);
  }

  /** Applies a whole list: objects missing from it are gone. `version` is where a watch begins; undefined if there is nothing to watch. */
  replace(version: string | undefined, { records, versions }: ListReading<T>): void {
    this.#version = version;
    this.#known.reset(version ?? '', versions);
    this.#count.set(this, this.size);
    this.#notify(() => this.#events.replaced(records));
  }

  /**
   * Applies one event of a watch, of any type except ERROR.
   *
   * @throws ApiFailure if it is not an event, or its object exceeds the limit.
   */
  event(type: string, object: unknown): void {
    if (!TYPES.includes(type)) throw new ApiFailure('broken', `a watch event has the unknown type ${type.slice(0, 40)}`);
    const identity = identityOf(object);
    if (identity === undefined) this.#skip('it has no metadata');
    else {
      if (type !== 'BOOKMARK') this.#change(type, object, identity);
      // Last, so that an object over the limit is requested again.
      this.#advance(identity.version);
    }
  }

  #change(type: string, object: unknown, { uid, version }: Identity): void {
    if (uid === '') {
      this.#skip('it has no uid');
      return;
    }
    const record = type === 'DELETED' ? undefined : this.#record(object);
    if (record === undefined) {
      if (this.#known.delete(uid, version)) this.#notify(() => this.#events.deleted(uid));
    } else {
      if (!this.#known.has(uid)) this.#count.set(this, this.size + 1);
      if (this.#known.set(uid, version)) this.#notify(() => this.#events.set(record));
    }
    this.#count.set(this, this.size);
  }

  /** Never goes back: after a late event, the next watch must not repeat everything. */
  #advance(version: string): void {
    if (version === '' || this.#version === undefined) return;
    if ((compareVersions(version, this.#version) ?? 1) > 0) this.#version = version;
  }

  #record(object: unknown): T | undefined {
    try {
      return this.#resource.record(object);
    } catch (error) {
      this.#skip(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Logged once: a server that sends one such object sends more. */
  #skip(why: string): void {
    if (this.#hasSkipped) return;
    this.#hasSkipped = true;
    this.#logger.warn(`skipped one of ${this.#resource.name} that can't be read: ${why} (logged once)`);
  }

  #notify(call: () => void): void {
    if (this.#isStopped) return;
    try {
      call();
    } catch (error) {
      this.#logger.error({ err: error }, `the known state of ${this.#resource.name} may be wrong from now on`);
    }
  }
}

/** The longest uid or version; real ones are far shorter. */
const MOST_CHARACTERS = 253;

/** Undefined if this is not a Kubernetes object. A bookmark has no uid. */
function identityOf(object: unknown): Identity | undefined {
  const { metadata } = (object ?? {}) as { metadata?: { uid?: unknown; resourceVersion?: unknown } };
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { uid = '', resourceVersion = '' } = metadata;
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  if (uid.length > MOST_CHARACTERS || resourceVersion.length > MOST_CHARACTERS) return undefined;
  return { uid, version: resourceVersion };
}
