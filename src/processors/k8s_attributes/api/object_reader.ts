import type { Logger } from 'pino';
import { compareVersions, KnownObjects } from './versions.ts';
import type { WatchEvents, WatchedResource } from './watched_resource.ts';

/** What is read from every object before its slim record is made. */
interface Identity {
  readonly uid: string;
  readonly version: string;
}

/** A list that is being read; none of it is told before it is whole. */
export class ListReading<T> {
  readonly records: T[] = [];
  readonly versions: [uid: string, version: string][] = [];
  readonly #read: (object: unknown) => { record: T; identity: Identity } | undefined;

  constructor(read: (object: unknown) => { record: T; identity: Identity } | undefined) {
    this.#read = read;
  }

  add(items: readonly unknown[]): void {
    for (const item of items) {
      const read = this.#read(item);
      if (read === undefined) continue;
      this.records.push(read.record);
      this.versions.push([read.identity.uid, read.identity.version]);
    }
  }
}

/** Makes records of objects and tells what is news, each once and in order. */
export class ObjectReader<T extends { readonly uid: string }> {
  readonly #resource: WatchedResource<T>;
  readonly #events: WatchEvents<T>;
  readonly #logger: Logger;
  readonly #known = new KnownObjects();
  #version: string | undefined;
  #isStopped = false;

  constructor(resource: WatchedResource<T>, events: WatchEvents<T>, logger: Logger) {
    this.#resource = resource;
    this.#events = events;
    this.#logger = logger;
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
  }

  /** A list is due; what is known stays until it has been read. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  startList(): ListReading<T> {
    return new ListReading((object) => {
      const identity = identityOf(object);
      const record = identity?.uid ? this.#record(object) : undefined;
      return identity && record && { record, identity };
    });
  }

  /** The whole list: what isn't in it is gone. `version` is where a watch begins; undefined where there is nothing to watch. */
  replace(version: string | undefined, { records, versions }: ListReading<T>): void {
    this.#version = version;
    this.#known.reset(version ?? '', versions);
    this.#tell(() => this.#events.replaced(records));
  }

  /** One event of a watch, of any type but ERROR. */
  event(type: string, object: unknown): void {
    const identity = identityOf(object);
    if (identity === undefined) return;
    this.#advance(identity.version);
    if (type === 'BOOKMARK') return;
    const { uid, version } = identity;
    if (uid === '') return;
    const record = type === 'DELETED' ? undefined : this.#record(object);
    if (record === undefined) {
      if (this.#known.delete(uid, version)) this.#tell(() => this.#events.deleted(uid));
    } else if (this.#known.set(uid, version)) this.#tell(() => this.#events.set(record));
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
      this.#logger.warn({ err: error }, `one of ${this.#resource.name} can't be read, and is passed over`);
      return undefined;
    }
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

/** Undefined of what is no Kubernetes object; a bookmark has no uid. */
function identityOf(object: unknown): Identity | undefined {
  const { metadata } = (object ?? {}) as { metadata?: { uid?: unknown; resourceVersion?: unknown } };
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { uid = '', resourceVersion = '' } = metadata;
  return typeof uid === 'string' && typeof resourceVersion === 'string' ? { uid, version: resourceVersion } : undefined;
}
