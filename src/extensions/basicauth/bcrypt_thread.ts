import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The thread ends after this time without work, and gives its memory back. */
const IDLE_MILLIS = 5_000;

/** In the bundle as in src/. */
const FILE = import.meta.url.endsWith('.ts') ? './bcrypt_worker.ts' : './bcrypt_worker.js';

/** `millis` is how long it took, without the start of the thread. */
export interface Comparison {
  readonly isEqual: boolean;
  readonly millis: number;
}

/** Compares passwords with hashes by bcrypt, one at a time. The event loop doesn't wait for it. */
export class BcryptThread {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Call it once at a time. Rejects if the thread fails, and when `stop` is called meanwhile. */
  async compare(password: string, hash: string): Promise<Comparison> {
    clearTimeout(this.#idle);
    this.#worker ??= begin();
    const worker = this.#worker;
    const ended = new AbortController();
    try {
      const exit = once(worker, 'exit', { signal: ended.signal }).then(() => {
        throw new Error('the thread that compares passwords has ended');
      });
      worker.postMessage({ password, hash });
      const [comparison] = await Promise.race([once(worker, 'message', { signal: ended.signal }), exit]);
      return comparison as Comparison;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      ended.abort();
      this.#idle = setTimeout(() => void this.stop(), IDLE_MILLIS).unref();
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function begin(): Worker {
  const worker = new Worker(new URL(FILE, import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 32 } });
  // `compare` has errors of its own; the process doesn't end for others, and doesn't wait for the thread.
  worker.on('error', () => {});
  worker.unref();
  return worker;
}
