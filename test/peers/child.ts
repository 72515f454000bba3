import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLIS = 50;
const READY_MILLIS = 20_000;
const STOP_MILLIS = 10_000;
const LOG_CHARACTERS_KEPT = 64_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that a test starts and ends, with what it has said. It dies with us. */
export class Child {
  readonly name: string;
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcess;
  #log = '';
  #ended = false;

  constructor(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.name = name;
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_CHARACTERS_KEPT);
    };
    this.#process.stdout?.on('data', keep);
    this.#process.stderr?.on('data', keep);
    this.exit = once(this.#process, 'close').then(([code, signal]) => {
      this.#ended = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** The end of its output, both streams together. */
  get log(): string {
    return this.#log;
  }

  /** Resolves once `probe` does so with true; rejects, with what the process said, where it ends before or takes too long. */
  async ready(probe: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_MILLIS;
    while (!(await probe().catch(() => false))) {
      if (this.#ended) throw new Error(`${this.name} ended before it was ready:\n${this.#log}`);
      if (Date.now() > deadline) {
        await this.stop();
        throw new Error(`${this.name} wasn't ready within ${READY_MILLIS / 1_000} s:\n${this.#log}`);
      }
      await sleep(POLL_MILLIS);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it, by force where it takes too long. May be called twice. */
  async stop(): Promise<Exit> {
    this.#process.kill('SIGTERM');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MILLIS);
    try {
      return await this.exit;
    } finally {
      clearTimeout(force);
    }
  }
}
