import type { Logger } from 'pino';
import type { SourceState } from '../../../component/host.ts';
import type { ApiFailure, FailureKind } from './failure.ts';
import { forbiddenHint } from './hint.ts';
import type { WatchedResource } from './watched_resource.ts';

type Resource = Pick<WatchedResource<{ uid: string }>, 'name' | 'path' | 'query'>;

/** How one list and watch is doing: for whoever asks, and in the log where it changes. */
export class Standing {
  readonly #resource: Resource;
  readonly #logger: Logger;
  readonly #inStepMillis: number;
  #isListed = false;
  #isOpen = false;
  #isStopped = false;
  /** When the server last said anything. */
  #heardMillis: number | undefined;
  /** When the watch that was open last ended. */
  #closedMillis = Number.NEGATIVE_INFINITY;
  #trouble: ApiFailure | undefined;
  /** What the log has told since the last healthy minute. */
  readonly #told = new Set<FailureKind>();

  constructor(resource: Resource, logger: Logger, inStepMillis: number) {
    this.#resource = resource;
    this.#logger = logger;
    this.#inStepMillis = inStepMillis;
  }

  get inStep(): boolean {
    if (!this.#isListed || this.#isStopped) return false;
    // Where there is no such resource, none of it is all there is.
    if (this.#isOpen || this.#trouble?.kind === 'absent') return true;
    return performance.now() - this.#closedMillis < this.#inStepMillis;
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
    this.heard();
  }

  opened(): void {
    this.#isOpen = true;
    this.#trouble = undefined;
    this.heard();
  }

  closed(): void {
    if (this.#isOpen) this.#closedMillis = performance.now();
    this.#isOpen = false;
  }

  stopped(): void {
    this.#isStopped = true;
  }

  /**
   * @param inRow how many failures there were before it without a healthy minute: the first of them is none to be told of, since
   *   any watch ends once, but for one that won't go away by itself; nor the first of a token, which is read anew
   */
  failed(verb: 'list' | 'watch', failure: ApiFailure, inRow: number): void {
    const { name } = this.#resource;
    const { kind, message } = failure;
    if (kind === 'closed' && inRow === 0) return;
    const isAgain = this.#trouble?.kind === kind;
    this.#trouble = failure;
    this.#logger.debug(`${verb} of ${name}: ${message}`);
    if (kind === 'absent') return;
    if (this.#told.has(kind) || (inRow === 0 && kind !== 'forbidden') || (kind === 'unauthorized' && !isAgain)) return;
    // One line for all that comes and goes: what an operator must act on has its own.
    const isActedOn = kind === 'forbidden' || kind === 'unauthorized';
    if (!isActedOn && this.#told.size > 0) return;
    this.#told.add(kind);
    const meanwhile = this.#isListed ? 'going on with the last known state' : 'nothing is known yet';
    const say = `can't ${verb} ${name}: ${message}`;
    if (kind === 'forbidden') this.#logger.error(`${say}; ${forbiddenHint(this.#resource)}; ${meanwhile}`);
    else if (kind === 'unauthorized') {
      this.#logger.error(`${say}, also with the token read anew: has the ServiceAccount been deleted? ${meanwhile}`);
    } else this.#logger.warn(`${say}; will go on trying, ${meanwhile}`);
  }

  healthy(): void {
    if (this.#told.size > 0) this.#logger.info(`${this.#resource.name} are in step with the API server again`);
    this.#told.clear();
  }

  #word(): string {
    if (this.#isStopped) return 'stopped';
    if (this.#trouble?.kind === 'forbidden' || this.#trouble?.kind === 'absent') return this.#trouble.kind;
    if (this.#trouble !== undefined) return 'retrying';
    return this.#isListed ? 'synced' : 'listing';
  }
}
