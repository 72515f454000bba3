const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export type HandledSignal = (typeof SIGNALS)[number];

/**
 * The signals that the agent handles, from the moment that this is made. It is made before anything else is loaded: until
 * there is a handler, the kernel ends the process, or, where that is process 1 of a container, throws the signal away.
 * Those that come before somebody listens are kept.
 */
export class Signals {
  #pending: HandledSignal[] = [];
  #listener: (signal: HandledSignal) => void = (signal) => void this.#pending.push(signal);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.#listener(signal));
  }

  /** Has `listener` told of each signal from now on, and of those that were kept. */
  listen(listener: (signal: HandledSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#pending.splice(0)) listener(signal);
  }
}
