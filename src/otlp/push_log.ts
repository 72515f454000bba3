import type { Settings } from '../component/factory.ts';
import { visible } from '../component/visible.ts';
import type { FailedResult } from './send_result.ts';

/** A server's words may be as long as a message. */
const MOST_WORDS = 500;

/** The server's message about an accepted push. */
export interface Remark {
  readonly points: number;
  readonly rejected: number;
  readonly message: string;
}

/** Logs what becomes of pushes when it changes, not at every push: the same counters go out with the next one. */
export class PushLog {
  readonly #logger: Settings['logger'];
  readonly #id: string;
  readonly #address: string;
  #failure: string | undefined;
  #remark: { readonly key: string; readonly rejects: boolean } | undefined;

  constructor({ logger, id }: Pick<Settings, 'logger' | 'id'>, address: string) {
    this.#logger = logger;
    this.#id = id;
    this.#address = address;
  }

  failed(result: FailedResult): void {
    const failure = result.status === 'refused' ? `refused: ${result.cause}` : result.status;
    if (this.#failure === failure) return;
    this.#failure = failure;
    const where = `can't push to ${this.#address}: ${visible(result.why)}`;
    if (result.status === 'retryable') {
      this.#logger.warn(`${where}; retrying, the counters keep what was not sent`);
    } else this.#logger.error(`${where}; trying again won't help by itself, see exporters::${this.#id}`);
  }

  /** At debug: it costs one more message, and nothing is lost. */
  tooLarge(points: number, most: number, why: string): void {
    this.#logger.debug(
      `${this.#address} refused ${points} points as too large (${visible(why)}); sending at most ${most} at once`,
    );
  }

  succeeded(): void {
    if (this.#failure !== undefined) this.#logger.info(`pushes to ${this.#address} succeed again`);
    this.#failure = undefined;
  }

  /** Remarks that differ only in their numbers are the same: many count what they reject. */
  remarked({ points, rejected, message }: Remark): void {
    const before = this.#remark;
    const rejects = rejected > 0;
    const key = `${rejects} ${message.replace(/\d+/g, '#')}`;
    this.#remark = rejects || message !== '' ? { key, rejects } : undefined;
    if (this.#remark?.key === before?.key) return;
    const words = JSON.stringify(message.slice(0, MOST_WORDS));
    if (rejects) {
      const reason = message === '' ? 'without a reason' : `saying ${words}`;
      this.#logger.error(`${this.#address} rejected ${rejected} of ${points} points, ${reason}; they count as failed`);
    } else if (message !== '') this.#logger.warn(`${this.#address} accepted a push with the warning ${words}`);
    else this.#logger.info(`${this.#address} ${before?.rejects ? 'accepts all points again' : 'no longer warns'}`);
  }
}
