import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../node_flags.ts';
import type { ChildOptions, ChildState, Question } from './child.ts';

/**
 * The agent's HTTP server with a large text, and health_check, in a separate process, so that memory and event loop are not shared with
 * the clients.
 */
export class ScrapeServer {
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { metricsPort, healthPort }: ChildState) {
    this.#child = child;
    this.metricsPort = metricsPort;
    this.healthPort = healthPort;
  }

  static async start({ series = 10_000, settings = {} }: Partial<ChildOptions> = {}): Promise<ScrapeServer> {
    const options: ChildOptions = { series, settings };
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(options)], {
      execArgv: [...NODE_FLAGS],
    });
    return new ScrapeServer(child, await nextState(child));
  }

  ask(question: Question): Promise<ChildState> {
    const state = nextState(this.#child);
    this.#child.send(question);
    return state;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function nextState(child: ChildProcess): Promise<ChildState> {
  const other = new AbortController();
  const { signal } = other;
  try {
    const [state] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ]);
    return state as ChildState;
  } finally {
    other.abort();
  }
}
