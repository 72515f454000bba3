type Trigger = 'interval' | 'request';

/**
 * Serializes reads that wait for the kernel. A request joins a read only if that has not begun, because it must include all drops before the
 * request. So at most one read is in progress and one waits, however many requests there are.
 */
export class JoinedReads {
  readonly #read: (trigger: Trigger) => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Trigger of the queued read. `interval` wins over `request`, because an interval read also serves requests. */
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
