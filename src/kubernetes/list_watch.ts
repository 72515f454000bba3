import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { Backoff, spread } from '../component/backoff.ts';
import type { SourceState } from '../component/host.ts';
import { VERSION } from '../component/version.ts';
import { pause } from './abort.ts';
import { ApiConnection, type ListMetadata } from './connection.ts';
import { Deadline } from './deadline.ts';
import { isAbsent } from './discovery.ts';
import { ApiFailure, failureOf, failureOfStatus } from './failure.ts';
import { LIMITS, type Limits } from './limits.ts';
import { ObjectCount } from './object_count.ts';
import { type ListReading, ObjectReader } from './object_reader.ts';
import { AGENT_TURNS, type RequestTurns } from './request_turns.ts';
import { TIMING, type Timing } from './timing.ts';
import { WatchHealth } from './watch_health.ts';
import type { WatchEvents, WatchedResource } from './watched_resource.ts';

export type { WatchEvents, WatchedResource } from './watched_resource.ts';

/** Objects per page of a list. kubectl and client-go use the same. */
const PAGE_OBJECTS = 500;

/** Created once: an error keeps the objects on the stack alive where it is created, here a whole graph. */
const STOPPED = new Error('stopped');

export interface ListWatchOptions<T extends { readonly uid: string }> {
  readonly kubeConfig: KubeConfig;
  readonly resource: WatchedResource<T>;
  readonly events: WatchEvents<T>;
  readonly logger: Logger;
  /** Overrides of TIMING. */
  readonly timing?: Partial<Timing>;
  readonly limits?: Limits;
  /** Shared with the other resources. Default: its own. */
  readonly count?: ObjectCount;
  /** Shared with all that send requests to an API server. Default: the process's. */
  readonly turns?: RequestTurns;
  /** Priority among those that wait for a turn; the lowest goes first. */
  readonly rank?: number;
}

/**
 * Keeps its listener in sync with one resource of a Kubernetes API: one list, then a watch that resumes where the last one ended.
 * It lists again only if the server no longer has that version. While the server is unreachable the listener gets no events and keeps
 * the last known state.
 */
export class ListWatch<T extends { readonly uid: string }> {
  /** Resolves after the first complete list, or at `stop`. */
  readonly synced: Promise<void>;
  readonly #resource: WatchedResource<T>;
  readonly #timing: Timing;
  readonly #connection: ApiConnection;
  readonly #objects: ObjectReader<T>;
  /** Whether a list has succeeded. */
  #wasAllowed = false;
  #backoff: Backoff;
  /** Consecutive failures without a healthy minute between them. */
  #failures = 0;
  readonly #health: WatchHealth;
  readonly #turns: RequestTurns;
  readonly #rank: number;
  readonly #stopping = new AbortController();
  readonly #resolveSynced: () => void;
  #running: Promise<void> | undefined;

  constructor(options: ListWatchOptions<T>) {
    const { kubeConfig, resource, events, logger, timing, limits = LIMITS } = options;
    this.#resource = resource;
    this.#timing = { ...TIMING, ...timing };
    this.#turns = options.turns ?? AGENT_TURNS;
    this.#rank = options.rank ?? 0;
    this.#connection = new ApiConnection(kubeConfig, `dropreason/${VERSION}`, limits);
    this.#objects = new ObjectReader(resource, events, logger, options.count ?? new ObjectCount(limits));
    this.#backoff = this.#newBackoff();
    this.#health = new WatchHealth(resource, logger, this.#timing);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
  }

  /** Starts; returns at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Stops promptly and leaves no timer or socket. One exception: a socket whose TLS handshake no server answers, which undici closes
   * after 10 s. No listener is called after this.
   */
  async stop(): Promise<void> {
    this.#stopping.abort(STOPPED);
    this.#objects.stop();
    this.#health.stopped();
    this.#resolveSynced();
    await this.#connection.reset();
    await this.#running;
    await this.#connection.reset();
  }

  /** A whole list was read, and the watch is open or was recently. Also true if the cluster has no such resource. */
  get inStep(): boolean {
    return this.#health.inStep;
  }

  /** How far the known state may lag behind the cluster, in milliseconds; see {@link WatchHealth.behindMillis}. */
  get behindMillis(): number {
    return this.#health.behindMillis;
  }

  /** `listing`, `synced`, `retrying`, `forbidden`, `absent` or `stopped`. The age is the time since the server last sent anything. */
  state(): SourceState {
    return this.#health.state();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const verb = this.#objects.version === undefined ? 'list' : 'watch';
      try {
        if (!isFirst) await this.#turns.next(this.#rank, signal);
        if (signal.aborted) return;
        if (verb === 'list') await this.#list();
        else await this.#watch(this.#objects.version ?? '');
      } catch (error) {
        if (!signal.aborted) await this.#failed(verb, await this.#explain(failureOf(error)));
      }
    }
  }

  /** Checks a 404 against API discovery. */
  async #explain(failure: ApiFailure): Promise<ApiFailure> {
    if (failure.kind !== 'not_found') return failure;
    const deadline = this.#deadline();
    try {
      const turn = () => this.#turns.next(this.#rank, deadline.signal);
      const absent = await isAbsent(this.#connection, this.#resource, turn, deadline.signal);
      return absent ? new ApiFailure('absent', failure.message) : failure;
    } finally {
      deadline.clear();
    }
  }

  async #failed(verb: 'list' | 'watch', failure: ApiFailure): Promise<void> {
    const { kind } = failure;
    if (this.#stopping.signal.aborted) return;
    this.#objects.settle();
    this.#health.failed(verb, failure, this.#failures);
    this.#failures += 1;
    if (kind === 'unauthorized') this.#connection.renewCredentials();
    if (verb === 'watch' && kind === 'expired') this.#objects.forgetVersion();
    if (kind === 'absent') this.#replace(undefined, this.#objects.startList());
    // Drop the connection in any case: it may be half-open, or use an old certificate.
    if (kind !== 'closed') await this.#connection.reset();
    // A server that has just restarted forbids what it allowed before, until it has read its RBAC rules.
    const isForbidden = kind === 'forbidden' && !this.#wasAllowed;
    const slow = isForbidden ? this.#timing.forbiddenMillis : kind === 'absent' ? this.#timing.absentMillis : 0;
    const wait = Math.max(this.#backoff.next(), spread(slow), failure.retryAfterMillis);
    await pause(wait, this.#stopping.signal);
  }

  /** Reads one list, page by page. */
  async #list(): Promise<void> {
    const { path, query } = this.#resource;
    const { signal } = this.#stopping;
    const reading = this.#objects.startList();
    let next: string | undefined;
    do {
      const deadline = this.#deadline();
      let page: ListMetadata;
      let objects = 0;
      try {
        const asked = { ...query, limit: `${PAGE_OBJECTS}`, ...(next !== undefined && { continue: next }) };
        const item = (object: unknown) => {
          objects += 1;
          this.#objects.read(object, reading);
        };
        page = await this.#connection.page(path, asked, item, deadline.signal);
      } finally {
        deadline.clear();
      }
      this.#health.heard();
      next = page.next;
      if (next === undefined) {
        this.#wasAllowed = true;
        this.#replace(page.resourceVersion, reading);
      } else if (objects < PAGE_OBJECTS) {
        // Full pages stop when the objects end. Pages with fewer objects might never end, so they take turns.
        await this.#turns.next(this.#rank, signal);
        signal.throwIfAborted();
      }
    } while (next !== undefined);
  }

  #newBackoff(): Backoff {
    const { backoffMillis: initialMillis, backoffMostMillis: mostMillis } = this.#timing;
    return new Backoff({ initialMillis, mostMillis, multiplier: 2 });
  }

  #deadline(): Deadline {
    const { pageMillis } = this.#timing;
    const deadline = new Deadline(this.#stopping.signal);
    deadline.set(pageMillis, new ApiFailure('broken', `no response within ${seconds(pageMillis)}`));
    return deadline;
  }

  #replace(version: string | undefined, reading: ListReading<T>): void {
    this.#objects.replace(version, reading);
    this.#health.listed();
    this.#resolveSynced();
  }

  /** Always throws, because every watch ends. */
  async #watch(resourceVersion: string): Promise<never> {
    const { path, query } = this.#resource;
    const { openMillis, idleMillis, healthyMillis, watchSeconds } = this.#timing;
    const idle = new ApiFailure('broken', `nothing received within ${seconds(idleMillis)}, the connection is considered dead`);
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + Math.random()));
    const asked = { ...query, resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: `${timeoutSeconds}` };
    const deadline = new Deadline(this.#stopping.signal);
    deadline.set(openMillis, new ApiFailure('broken', `no response within ${seconds(openMillis)}`));
    let healthy: NodeJS.Timeout | undefined;
    try {
      const calls = {
        opened: () => {
          this.#health.opened();
          deadline.set(idleMillis, idle);
          healthy = setTimeout(() => this.#healthy(), healthyMillis);
        },
        event: (type: string, object: unknown) => {
          this.#health.heard();
          deadline.set(idleMillis, idle);
          if (type === 'ERROR') throw failureOfStatus(object);
          this.#objects.event(type, object);
        },
      };
      await this.#connection.watch(path, asked, calls, deadline.signal);
      throw new ApiFailure('closed', 'the API server closed the watch');
    } finally {
      clearTimeout(healthy);
      deadline.clear();
      this.#health.closed();
    }
  }

  #healthy(): void {
    this.#failures = 0;
    this.#backoff = this.#newBackoff();
    this.#health.healthy();
  }
}

const seconds = (millis: number) => `${millis / 1000}s`;
