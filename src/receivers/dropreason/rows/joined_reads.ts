type Trigger = 'interval' | 'request';

/**
 * Reads that wait for the kernel, one after another. A request joins a read only if that has not begun, since what was dropped before
 * the request has to be in it: so at most one is under way and one waits, however many ask.
 */
export class JoinedReads {
  readonly #read: (trigger: Trigger) => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** What the next read is for: where both have asked, the clock, since whoever asks is served by that too. */
  #nextTrigger: Trigger = 'request';

  constructor(read: (trigger: Trigger) => Promise<void>) {
    this.#read = read;
  }

  /** Resolves when a read that begins after this call is done, and rejects as it does. */
  request(trigger: Trigger): Promise<void> {
    if (this.#running === undefined) return this.#begin(trigger);
    if (this.#next === undefined) {
      this.#nextTrigger = trigger;
      this.#next = this.#running.catch(() => {}).then(() => this.#begin(this.#nextTrigger));
    } else if (trigger === 'interval') {
      this.#nextTrigger = trigger;
    }
    return this.#next;
  }

  #begin(trigger: Trigger): Promise<void> {
    this.#next = undefined;
    const running = this.#read(trigger).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
