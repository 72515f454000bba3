import type { Logger } from 'pino';

/** Each cause is logged at once, then once a minute while it continues. */
const EVERY_MILLIS = 60_000;

interface Cause {
  count: number;
  readonly timer: NodeJS.Timeout;
}

/** Logs rejected clients by cause. Rate-limited, so that an attack on an endpoint doesn't flood the log. */
export class Disconnections {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #causes = new Map<string, Cause>();

  constructor(logger: Pick<Logger, 'warn'>) {
    this.#logger = logger;
  }

  report(cause: string): void {
    const known = this.#causes.get(cause);
    if (known !== undefined) {
      known.count++;
      return;
    }
    this.#logger.warn({ count: 1 }, cause);
    this.#causes.set(cause, { count: 0, timer: setInterval(() => this.#summarize(cause), EVERY_MILLIS).unref() });
  }

  stop(): void {
    for (const { timer } of this.#causes.values()) clearInterval(timer);
    this.#causes.clear();
  }

  #summarize(cause: string): void {
    const known = this.#causes.get(cause);
    if (known === undefined) return;
    if (known.count > 0) this.#logger.warn({ count: known.count }, cause);
    else {
      clearInterval(known.timer);
      this.#causes.delete(cause);
    }
    known.count = 0;
  }
}
