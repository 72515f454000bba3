import type { Logger } from 'pino';

interface Words {
  readonly began: string;
  readonly ended: string;
}

/** Logs when a repeated operation starts to fail, fails for another reason, or succeeds again. */
export class Outage {
  readonly #logger: Pick<Logger, 'error' | 'info'>;
  readonly #words: Words;
  #why: string | undefined;
  #failures = 0;

  constructor(logger: Pick<Logger, 'error' | 'info'>, words: Words) {
    this.#logger = logger;
    this.#words = words;
  }

  failed(error: unknown): void {
    this.#failures++;
    const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    if (why === this.#why) return;
    this.#why = why;
    this.#logger.error({ err: error }, this.#words.began);
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    this.#logger.info({ failures: this.#failures }, this.#words.ended);
    this.#failures = 0;
    this.#why = undefined;
  }
}
