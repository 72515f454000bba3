import type { Settings } from '../component/factory.ts';
import { visible } from '../component/visible.ts';
import type { Fates } from './outbox.ts';
import { type FailedResult, isAboutMessage } from './send_result.ts';

/** A server's words may be as long as a message. */
const MOST_WORDS = 500;

/** Where pushes go. */
export interface PushPlace {
  readonly address: string;
  /** Where that is configured: `exporters::otlp_grpc`. */
  readonly configPath: string;
}

/** The server's message about an accepted push. */
export interface Remark {
  readonly points: number;
  readonly rejected: number;
  readonly message: string;
}

/** Logs what becomes of pushes when it changes, not at every push: the same counters go out with the next one. */
export class PushLog {
  readonly #logger: Settings['logger'];
  readonly #place: PushPlace;
  readonly #fates: Fates;
  #failure: string | undefined;
  #remark: { readonly key: string; readonly rejects: boolean } | undefined;
  #isGivingUp = false;

  constructor(logger: Settings['logger'], place: PushPlace, fates: Fates) {
    this.#logger = logger;
    this.#place = place;
    this.#fates = fates;
  }

  failed(result: FailedResult): void {
    const failure = result.status === 'refused' ? `refused: ${result.cause}` : result.status;
    if (this.#failure === failure) return;
    this.#failure = failure;
    const where = `can't push to ${this.#place.address}: ${visible(result.why)}`;
    if (result.status === 'retryable') {
      this.#logger.warn(`${where}; retrying, ${this.#fates.waiting}`);
      return;
    }
    const lost = isAboutMessage(result) ? this.#fates.refused : '';
    this.#logger.error(`${where}; trying again won't help by itself, see ${this.#place.configPath}${lost}`);
  }

  /** Of the last push. */
  ended(isAnswered: boolean, points: number): void {
    if (isAnswered && points === 0) return;
    const what = isAnswered ? 'was not accepted' : 'got no answer in time';
    this.#logger.error(`the last push to ${this.#place.address} ${what}; ${this.#fates.ended}`);
  }

  /** Deltas that have no room, logged when that begins. */
  givenUp(points: number): void {
    if (points > 0 && !this.#isGivingUp) {
      this.#logger.error(`deltas of ended series wait for ${this.#place.address} in vain: ${points} points are lost`);
    }
    this.#isGivingUp = points > 0;
  }

  /** At debug: it costs one more message, and nothing is lost. */
  tooLarge(points: number, most: number, why: string): void {
    this.#logger.debug(
      `${this.#place.address} refused ${points} points as too large (${visible(why)}); sending at most ${most} at once`,
    );
  }

  succeeded(): void {
    if (this.#failure !== undefined) this.#logger.info(`pushes to ${this.#place.address} succeed again`);
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
      this.#logger.error(`${this.#place.address} rejected ${rejected} of ${points} points, ${reason}; they count as failed`);
    } else if (message !== '') this.#logger.warn(`${this.#place.address} accepted a push with the warning ${words}`);
    else this.#logger.info(`${this.#place.address} ${before?.rejects ? 'accepts all points again' : 'no longer warns'}`);
  }
}
