import type { Logger } from 'pino';
import type { SourceState } from '../component/host.ts';
import type { ApiFailure, FailureKind } from './failure.ts';
import { forbiddenHint } from './hint.ts';
import type { Timing } from './timing.ts';
import type { WatchedResource } from './watched_resource.ts';

type Resource = Pick<WatchedResource<{ uid: string }>, 'name' | 'path' | 'query'>;

/** Told in the log when they are first met: no server that is well gives these answers. */
const AT_ONCE: readonly FailureKind[] = ['forbidden', 'not_found', 'too_large'];
/** An operator must act on these: each has a line of its own. */
const ACTED_ON: readonly FailureKind[] = ['forbidden', 'unauthorized', 'too_large'];

/** How one list and watch is doing: for whoever asks, and in the log where it changes. */
export class WatchHealth {
  readonly #resource: Resource;
  readonly #logger: Logger;
  readonly #timing: Pick<Timing, 'inStepMillis' | 'settleMillis'>;
  #isListed = false;
  #isOpen = false;
  #isStopped = false;
  /** When the server last said anything. */
  #heardMillis: number | undefined;
  /** When the watch that is open, or was last, began. */
  #openedMillis = Number.NEGATIVE_INFINITY;
  /** When the watch that was open last ended. */
  #closedMillis = Number.NEGATIVE_INFINITY;
  /** When what was known was last complete, where the watch is not open. */
  #completeMillis = Number.NEGATIVE_INFINITY;
  #trouble: ApiFailure | undefined;
  /** What the log has told since the last healthy minute. */
  readonly #logged = new Set<FailureKind>();

  constructor(resource: Resource, logger: Logger, timing: Pick<Timing, 'inStepMillis' | 'settleMillis'>) {
    this.#resource = resource;
    this.#logger = logger;
    this.#timing = timing;
  }

  get inStep(): boolean {
    if (!this.#isListed || this.#isStopped) return false;
    // Where there is no such resource, none of it is all there is.
    if (this.#isOpen || this.#trouble?.kind === 'absent') return true;
    return performance.now() - this.#closedMillis < this.#timing.inStepMillis;
  }

  /**
   * How far what is known may be behind the cluster, in milliseconds: 0 while the watch is open, else the time since it was. What is
   * younger isn't known yet. Infinite where nothing is known.
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
   * @param inRow how many failures there were before it without a healthy minute: the first of them is none to be told of, since
   *   any watch ends once, but for one of {@link AT_ONCE}; nor the first of a token, which is read anew
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
    // One line for all that comes and goes: what an operator must act on has its own.
    if (!ACTED_ON.includes(kind) && this.#logged.size > 0) return;
    this.#logged.add(kind);
    const meanwhile = this.#isListed ? 'going on with the last known state' : 'nothing is known yet';
    const say = `can't ${verb} ${name}: ${message}`;
    if (kind === 'forbidden') this.#logger.error(`${say}; ${forbiddenHint(this.#resource)}; ${meanwhile}`);
    else if (kind === 'unauthorized') {
      this.#logger.error(`${say}, also with the token read anew: has the ServiceAccount been deleted? ${meanwhile}`);
    } else if (kind === 'too_large') {
      this.#logger.error(`${say}; raise the limit if the cluster is that large; ${meanwhile}`);
    } else this.#logger.warn(`${say}; will go on trying, ${meanwhile}`);
  }

  /** Whether the watch is open, and has been for long enough to have told what had happened before. */
  get #isSettled(): boolean {
    return this.#isOpen && performance.now() - this.#openedMillis >= this.#timing.settleMillis;
  }

  healthy(): void {
    if (this.#logged.size > 0) this.#logger.info(`${this.#resource.name} are in step with the API server again`);
    this.#logged.clear();
  }

  #word(): string {
    if (this.#isStopped) return 'stopped';
    if (this.#trouble?.kind === 'forbidden' || this.#trouble?.kind === 'absent') return this.#trouble.kind;
    if (this.#trouble !== undefined) return 'retrying';
    return this.#isListed ? 'synced' : 'listing';
  }
}
