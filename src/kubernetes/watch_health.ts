import type { Logger } from 'pino';
import type { SourceState } from '../component/host.ts';
import type { ApiFailure, FailureKind } from './failure.ts';
import { forbiddenHint } from './hint.ts';
import type { Timing } from './timing.ts';
import type { WatchedResource } from './watched_resource.ts';

type Resource = Pick<WatchedResource<{ uid: string }>, 'name' | 'path' | 'query'>;

/** Logged at the first occurrence: no healthy server returns these. */
const AT_ONCE: readonly FailureKind[] = ['forbidden', 'not_found', 'too_large'];
/** Operators must act on these. Each gets its own log line. */
const ACTED_ON: readonly FailureKind[] = ['forbidden', 'unauthorized', 'too_large'];

/** The health of one list and watch: answers queries, and logs changes. */
export class WatchHealth {
  readonly #resource: Resource;
  readonly #logger: Logger;
  readonly #timing: Pick<Timing, 'inStepMillis' | 'settleMillis'>;
  #isListed = false;
  #isOpen = false;
  #isStopped = false;
  /** When the server last sent anything. */
  #heardMillis: number | undefined;
  /** When the current or last watch began. */
  #openedMillis = Number.NEGATIVE_INFINITY;
  /** When the last watch ended. */
  #closedMillis = Number.NEGATIVE_INFINITY;
  /** When the known state was last complete, while the watch is not open. */
  #completeMillis = Number.NEGATIVE_INFINITY;
  #trouble: ApiFailure | undefined;
  /** What was logged since the last healthy minute. */
  readonly #logged = new Set<FailureKind>();

  constructor(resource: Resource, logger: Logger, timing: Pick<Timing, 'inStepMillis' | 'settleMillis'>) {
    this.#resource = resource;
    this.#logger = logger;
    this.#timing = timing;
  }

  get inStep(): boolean {
    if (!this.#isListed || this.#isStopped) return false;
    // If the cluster has no such resource, the empty state is complete.
    if (this.#isOpen || this.#trouble?.kind === 'absent') return true;
    return performance.now() - this.#closedMillis < this.#timing.inStepMillis;
  }

  /**
   * How far the known state may lag behind the cluster, in milliseconds: 0 while the watch is open, else the time since it was. Younger
   * objects are not known yet. Infinite if nothing is known.
   */
  get behindMillis(): number {
    if (!this.#isListed || this.#isStopped) return Number.POSITIVE_INFINITY;
    if (this.#trouble?.kind === 'absent' || this.#isSettled) return 0;
    return performance.now() - this.#completeMillis + this.#timing.settleMillis;
  }

  state(): SourceState {
    const heard = this.#heardMillis;
    return {
      source: this.#resource.name,
      state: this.#word(),
      ageMillis: heard === undefined ? undefined : Math.max(0, performance.now() - heard),
      why: this.#trouble?.message ?? '',
    };
  }

  heard(): void {
    this.#heardMillis = performance.now();
  }

  listed(): void {
    this.#isListed = true;
    this.#closedMillis = performance.now();
    this.#completeMillis = this.#closedMillis;
    this.heard();
  }

  opened(): void {
    this.#isOpen = true;
    this.#openedMillis = performance.now();
    this.#trouble = undefined;
    this.heard();
  }

  closed(): void {
    const now = performance.now();
    if (this.#isSettled) this.#completeMillis = now;
    if (this.#isOpen) this.#closedMillis = now;
    this.#isOpen = false;
  }

  stopped(): void {
    this.#isStopped = true;
  }

  /**
   * Records a failure and logs it when needed. The first failure is not logged, because any watch ends once, unless its kind is in
   * {@link AT_ONCE}. Neither is the first `unauthorized`, because the token is then read again.
   *
   * @param inRow earlier failures without a healthy minute
   */
  failed(verb: 'list' | 'watch', failure: ApiFailure, inRow: number): void {
    const { name } = this.#resource;
    const { kind, message } = failure;
    if (kind === 'closed' && inRow === 0) return;
    const isAgain = this.#trouble?.kind === kind;
    this.#trouble = failure;
    this.#logger.debug(`${verb} of ${name}: ${message}`);
    if (kind === 'absent') return;
    if (this.#logged.has(kind) || (inRow === 0 && !AT_ONCE.includes(kind)) || (kind === 'unauthorized' && !isAgain)) return;
    // One line for all transient failures. Failures that need an operator get their own.
    if (!ACTED_ON.includes(kind) && this.#logged.size > 0) return;
    this.#logged.add(kind);
    const meanwhile = this.#isListed ? 'using the last known state' : 'no objects known yet';
    const problem = `can't ${verb} ${name}: ${message}`;
    if (kind === 'forbidden') this.#logger.error(`${problem}; ${forbiddenHint(this.#resource)}; ${meanwhile}`);
    else if (kind === 'unauthorized') {
      this.#logger.error(`${problem}, even with a newly read token: has the ServiceAccount been deleted? ${meanwhile}`);
    } else if (kind === 'too_large') {
      this.#logger.error(`${problem}; raise the limit if the cluster is that large; ${meanwhile}`);
    } else this.#logger.warn(`${problem}; retrying, ${meanwhile}`);
  }

  /** Whether the watch has been open long enough to have delivered all earlier changes. */
  get #isSettled(): boolean {
    return this.#isOpen && performance.now() - this.#openedMillis >= this.#timing.settleMillis;
  }

  healthy(): void {
    if (this.#logged.size > 0) this.#logger.info(`${this.#resource.name} are in sync with the API server again`);
    this.#logged.clear();
  }

  #word(): string {
    if (this.#isStopped) return 'stopped';
    if (this.#trouble?.kind === 'forbidden' || this.#trouble?.kind === 'absent') return this.#trouble.kind;
    if (this.#trouble !== undefined) return 'retrying';
    return this.#isListed ? 'synced' : 'listing';
  }
}
