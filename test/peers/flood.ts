import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Namespace } from './namespace.ts';

const run = promisify(execFile);
const TRAFFIC = join(import.meta.dirname, '..', '..', 'build', 'test', 'traffic');

/** Datagrams of one round, and what is between two rounds: other processes of the CPU have to get on too. */
const ROUND = 5_000;
const BETWEEN_MILLIS = 20;
const PAYLOAD_BYTES = 100;

/** Datagrams into a rule that drops them, sent and dropped on one CPU, until `stop`. */
export class Flood {
  readonly #namespace: Namespace;
  readonly #ended: Promise<void>;
  #going = true;

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
    this.#ended = this.#send();
  }

  static async start(namespace: Namespace): Promise<Flood> {
    await run('ip', ['netns', 'exec', namespace.name, 'iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '9', '-j', 'DROP']);
    return new Flood(namespace);
  }

  /** Resolves with the packets that the rule has dropped, by its own counter. */
  async stop(): Promise<number> {
    this.#going = false;
    await this.#ended;
    const { stdout } = await run('ip', ['netns', 'exec', this.#namespace.name, 'iptables', '-nvxL', 'INPUT']);
    const packets = /^\s*(\d+)\s+\d+\s+DROP\b/m.exec(stdout)?.[1];
    if (packets === undefined) throw new Error(`no rule in:\n${stdout}`);
    return Number(packets);
  }

  async #send(): Promise<void> {
    const command = ['udp', '127.0.0.1', '9', String(ROUND), String(PAYLOAD_BYTES)];
    while (this.#going) {
      await run(TRAFFIC, [this.#namespace.name, '0', ...command]);
      await sleep(BETWEEN_MILLIS);
    }
  }
}
