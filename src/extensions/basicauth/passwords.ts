import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Verdict } from '../../component/authenticator.ts';
import { digestOf, equalsAny } from '../../component/equal_secrets.ts';
import { BcryptThread } from './bcrypt_thread.ts';
import type { PasswordHash, Users } from './htpasswd.ts';

/** Further checks of passwords are refused while so many wait. */
const MOST_WAITING = 8;

/** So many wrong passwords are remembered. */
const MOST_WRONG = 64;

/** After a wrong password the next check waits this many times as long as that one took: guessing gets a tenth of a CPU. */
const PAUSES = 9;

/**
 * Checks passwords against their hashes. A check by bcrypt is slow on purpose, so its result is remembered by a keyed digest: a scrape a
 * second costs no bcrypt, whether its password is right or wrong.
 */
export class Passwords {
  readonly #thread = new BcryptThread();
  readonly #key = randomBytes(32);
  /** Digests of what was right last, by user. */
  readonly #right = new Map<string, Buffer>();
  /** Digests of what was wrong, the oldest first. A scraper with a wrong password tries the same one again and again. */
  readonly #wrong = new Set<string>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  async check(users: Users, user: string, password: string): Promise<Verdict> {
    // An unknown user takes as long as a known one.
    const [someone] = users.values();
    const hash = users.get(user) ?? someone;
    if (hash === undefined) return 'invalid';
    if ('sha1' in hash) {
      const isEqual = equalsAny(createHash('sha1').update(password).digest('base64'), [digestOf(hash.sha1)]);
      return isEqual && users.has(user) ? 'valid' : 'invalid';
    }
    const digest = this.#digest(user, password, hash);
    const right = this.#right.get(user);
    if (right !== undefined && timingSafeEqual(right, digest)) return 'valid';
    const name = digest.toString('base64');
    if (this.#wrong.has(name)) return 'invalid';
    if (this.#waiting >= MOST_WAITING || this.#isStopped) return 'busy';
    const isEqual = await this.#queue(password, hash.bcrypt);
    if (isEqual === undefined) return 'busy';
    if (!isEqual || !users.has(user)) {
      this.#remember(name);
      return 'invalid';
    }
    this.#right.set(user, digest);
    return 'valid';
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#thread.stop();
  }

  /** Whether the password is right; undefined if it couldn't be checked. */
  async #queue(password: string, hash: string): Promise<boolean | undefined> {
    this.#waiting++;
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await before;
    try {
      if (this.#isStopped) throw new Error('stopped');
      const { isEqual, millis } = await this.#thread.compare(password, hash);
      setTimeout(turn.resolve, isEqual ? 0 : PAUSES * millis).unref();
      return isEqual;
    } catch {
      turn.resolve();
      return undefined;
    } finally {
      this.#waiting--;
    }
  }

  #remember(wrong: string): void {
    this.#wrong.add(wrong);
    const [oldest] = this.#wrong;
    if (this.#wrong.size > MOST_WRONG && oldest !== undefined) this.#wrong.delete(oldest);
  }

  #digest(user: string, password: string, hash: PasswordHash): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, hash]))
      .digest();
  }
}
