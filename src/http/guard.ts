import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { ServerAuthenticator } from '../component/authenticator.ts';
import { textAnswer } from './route_table.ts';
import type { ReadyAnswer } from './shared_answers.ts';

/** After this time without a refused client, the next one is news. */
const QUIET_MILLIS = 300_000;

const RETRY = { 'Retry-After': '1' };

export interface GuardOptions {
  /** Finds the authenticator; undefined while it doesn't run. */
  readonly authenticator: () => ServerAuthenticator | undefined;
  /** The address of the endpoint, for the log. */
  readonly where: string;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** Called for each refusal. */
  readonly onRefused: () => void;
}

/** Admits only clients with valid credentials. What a refused client sent is never logged. */
export class Guard {
  readonly #options: GuardOptions;
  /** Refusals since the first one was logged. */
  #refused = 0;
  #refusedMillis = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The response to a client that isn't admitted; undefined for one that is. */
  async refusal({ headers, socket }: IncomingMessage): Promise<ReadyAnswer | undefined> {
    const authenticator = this.#options.authenticator();
    if (authenticator === undefined) return { ...textAnswer(503, 'credentials cannot be checked at the moment'), headers: RETRY };
    const peer = socket.remoteAddress;
    const verdict = await authenticator.check(headers);
    if (verdict === 'valid') return undefined;
    if (verdict === 'busy') return { ...textAnswer(503, 'too many credentials are being checked; try again'), headers: RETRY };
    this.#report(peer);
    const challenge = { 'WWW-Authenticate': authenticator.challenge };
    return { ...textAnswer(401, 'valid credentials are required'), headers: challenge };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #report(peer: string | undefined): void {
    const { where, logger, onRefused } = this.#options;
    onRefused();
    this.#refusedMillis = performance.now();
    if (this.#refused++ > 0) return;
    logger.warn({ client: peer }, `${where}: a client without valid credentials got status 401`);
    this.#timer = setInterval(() => this.#end(), QUIET_MILLIS).unref();
  }

  #end(): void {
    if (performance.now() - this.#refusedMillis < QUIET_MILLIS) return;
    clearInterval(this.#timer);
    const { where, logger } = this.#options;
    logger.info({ refused: this.#refused }, `${where}: clients without valid credentials no longer ask`);
    this.#refused = 0;
  }
}
