const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export type HandledSignal = (typeof SIGNALS)[number];

/**
 * Collects the signals that the agent handles, from construction on. It is created before anything else is loaded. Without a handler, the
 * kernel ends the process or, for process 1 of a container, ignores the signal. Signals that arrive before `listen` are kept.
 */
export class Signals {
  #pending: HandledSignal[] = [];
  #listener: (signal: HandledSignal) => void = (signal) => void this.#pending.push(signal);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.#listener(signal));
  }

  /** Calls `listener` for each kept and each further signal. */
  listen(listener: (signal: HandledSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#pending.splice(0)) listener(signal);
  }
}
