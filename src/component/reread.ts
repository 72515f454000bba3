import { isDeepStrictEqual } from 'node:util';
import type { Outage } from './outage.ts';

export interface RereadOptions<T> {
  /** Reads the files. Throws a ComponentError if they can't be used. */
  readonly read: () => Promise<T>;
  readonly everyMillis: number;
  /** The shortest time between two reads, also if the value is suspect. A server's clients can make it suspect at any rate. */
  readonly leastMillis?: number;
  /** Reports files that can't be used. */
  readonly outage: Outage;
}

/** A value that is made of files, such as a certificate or a token. Files that are replaced are read again, without a restart. */
export class Reread<T> {
  readonly #options: RereadOptions<T>;
  #value: T;
  /** By performance.now(). */
  #readMillis = performance.now();
  #isSuspect = false;
  #refreshing: Promise<boolean> | undefined;

  private constructor(options: RereadOptions<T>, value: T) {
    this.#options = options;
    this.#value = value;
  }

  /** @throws ComponentError if a file can't be read or used. */
  static async of<T>(options: RereadOptions<T>): Promise<Reread<T>> {
    return new Reread(options, await options.read());
  }

  get value(): T {
    return this.#value;
  }

  /** A peer has refused the value, or has shown another one: the files may have been replaced. The next {@link refresh} reads them. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /**
   * Reads the files again if the interval has passed or the value is suspect. Returns whether the value has changed. Files that can't be
   * used are reported once and change nothing: a key may be replaced a moment after its certificate. Never rejects.
   */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<boolean> {
    const { read, everyMillis, leastMillis = 0, outage } = this.#options;
    const ageMillis = performance.now() - this.#readMillis;
    if (ageMillis < (this.#isSuspect ? leastMillis : everyMillis)) return false;
    this.#isSuspect = false;
    this.#readMillis = performance.now();
    try {
      const value = await read();
      outage.succeeded();
      if (isDeepStrictEqual(value, this.#value)) return false;
      this.#value = value;
      return true;
    } catch (error) {
      outage.failed(error);
      return false;
    }
  }
}
