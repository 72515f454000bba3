import { native } from './probe.ts';

/** By then everything is attached, and a first scrape may have come. */
const FIRST_MILLIS = 10_000;
/** A reload, a rare request or the compiler uses code that isn't needed afterwards. */
const EVERY_MILLIS = 600_000;

/**
 * Keeps the resident memory of the process small, from the start on (docs/adr/0024). Of Node.js's own code, 48 MB are mapped while it
 * starts, and half of that is not used again.
 */
export class ResidentMemory {
  #timer: NodeJS.Timeout | undefined = this.#releaseAfter(FIRST_MILLIS);

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #releaseAfter(millis: number): NodeJS.Timeout {
    return setTimeout(() => void this.#release(), millis).unref();
  }

  async #release(): Promise<void> {
    await native().releaseResident();
    if (this.#timer !== undefined) this.#timer = this.#releaseAfter(EVERY_MILLIS);
  }
}
