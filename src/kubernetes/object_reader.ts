import type { Logger } from 'pino';
import { ApiFailure } from './failure.ts';
import type { ObjectCount } from './object_count.ts';
import { compareVersions, KnownObjects } from './versions.ts';
import type { WatchEvents, WatchedResource } from './watched_resource.ts';

/** What is read from every object before its slim record is made. */
interface Identity {
  readonly uid: string;
  readonly version: string;
}

const TYPES: readonly string[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

/** A list that is being read; none of it is told before it is whole. */
export class ListReading<T> {
  readonly records: T[] = [];
  readonly versions: [uid: string, version: string][] = [];

  add(record: T, { uid, version }: Identity): void {
    this.records.push(record);
    this.versions.push([uid, version]);
  }
}

/** Makes records of objects and tells what is news, each once and in order. */
export class ObjectReader<T extends { readonly uid: string }> {
  readonly #resource: WatchedResource<T>;
  readonly #events: WatchEvents<T>;
  readonly #logger: Logger;
  readonly #count: ObjectCount;
  readonly #known = new KnownObjects();
  #version: string | undefined;
  #isStopped = false;
  #hasPassedOver = false;

  constructor(resource: WatchedResource<T>, events: WatchEvents<T>, logger: Logger, count: ObjectCount) {
    this.#resource = resource;
    this.#events = events;
    this.#logger = logger;
    this.#count = count;
  }

  /** Where a watch resumes; undefined where a list is due. */
  get version(): string | undefined {
    return this.#version;
  }

  /** Objects that have been told of and are there. */
  get size(): number {
    return this.#known.size;
  }

  stop(): void {
    this.#isStopped = true;
    this.#count.set(this, 0);
  }

  /** What was being read is given up. */
  settle(): void {
    this.#count.set(this, this.size);
  }

  /** A list is due; what is known stays until it has been read. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  startList(): ListReading<T> {
    return new ListReading();
  }

  /**
   * One object of a list.
   *
   * @throws ApiFailure where it is one too many.
   */
  read(object: unknown, reading: ListReading<T>): void {
    const identity = identityOf(object);
    if (identity === undefined || identity.uid === '') {
      this.#passOver('it has no uid');
      return;
    }
    const record = this.#record(object);
    if (record === undefined) return;
    this.#count.set(this, Math.max(this.size, reading.records.length + 1));
    reading.add(record, identity);
  }

  /** The whole list: what isn't in it is gone. `version` is where a watch begins; undefined where there is nothing to watch. */
  replace(version: string | undefined, { records, versions }: ListReading<T>): void {
    this.#version = version;
    this.#known.reset(version ?? '', versions);
    this.#count.set(this, this.size);
    this.#tell(() => this.#events.replaced(records));
  }

  /**
   * One event of a watch, of any type but ERROR.
   *
   * @throws ApiFailure where it is none, or its object is one too many.
   */
  event(type: string, object: unknown): void {
    if (!TYPES.includes(type)) throw new ApiFailure('broken', `an event of the watch has the unknown type ${type.slice(0, 40)}`);
    const identity = identityOf(object);
    if (identity === undefined) this.#passOver('it has no metadata');
    else {
      if (type !== 'BOOKMARK') this.#change(type, object, identity);
      // Last, so that an object that is one too many is asked for again.
      this.#advance(identity.version);
    }
  }

  #change(type: string, object: unknown, { uid, version }: Identity): void {
    if (uid === '') {
      this.#passOver('it has no uid');
      return;
    }
    const record = type === 'DELETED' ? undefined : this.#record(object);
    if (record === undefined) {
      if (this.#known.delete(uid, version)) this.#tell(() => this.#events.deleted(uid));
    } else {
      if (!this.#known.has(uid)) this.#count.set(this, this.size + 1);
      if (this.#known.set(uid, version)) this.#tell(() => this.#events.set(record));
    }
    this.#count.set(this, this.size);
  }

  /** Never back: an event that comes late doesn't make the next watch tell everything once more. */
  #advance(version: string): void {
    if (version === '' || this.#version === undefined) return;
    if ((compareVersions(version, this.#version) ?? 1) > 0) this.#version = version;
  }

  #record(object: unknown): T | undefined {
    try {
      return this.#resource.record(object);
    } catch (error) {
      this.#passOver(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Said once: a server that sends one such object sends more. */
  #passOver(why: string): void {
    if (this.#hasPassedOver) return;
    this.#hasPassedOver = true;
    this.#logger.warn(`one of ${this.#resource.name} can't be read, and is passed over: ${why} (said once)`);
  }

  #tell(call: () => void): void {
    if (this.#isStopped) return;
    try {
      call();
    } catch (error) {
      this.#logger.error({ err: error }, `what is known of ${this.#resource.name} may be wrong from now on`);
    }
  }
}

/** Of a uid or a version: many times as long as real ones are. */
const MOST_CHARACTERS = 253;

/** Undefined of what is no Kubernetes object; a bookmark has no uid. */
function identityOf(object: unknown): Identity | undefined {
  const { metadata } = (object ?? {}) as { metadata?: { uid?: unknown; resourceVersion?: unknown } };
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { uid = '', resourceVersion = '' } = metadata;
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  if (uid.length > MOST_CHARACTERS || resourceVersion.length > MOST_CHARACTERS) return undefined;
  return { uid, version: resourceVersion };
}
