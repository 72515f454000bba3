import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const TRAFFIC = fileURLToPath(new URL('../../build/test/traffic', import.meta.url));
let made = 0;

/** A network namespace with a rule that drops every datagram, and one that sends from a new address each time. */
export class SpoofedFlood {
  readonly name: string;
  /** As in `network.namespace.inode`. */
  readonly inode: number;
  #seed = 1;

  constructor() {
    made += 1;
    this.name = `dropreason-spoof-${process.pid}-${made}`;
    this.#ip('netns', 'add', this.name);
    this.inode = statSync(`/run/netns/${this.name}`).ino;
    this.#ip('-n', this.name, 'link', 'set', 'lo', 'up');
    this.#ip('-n', this.name, 'route', 'add', '198.51.100.0/24', 'dev', 'lo');
    for (const command of ['iptables', 'ip6tables']) this.#in(command, '-A', 'OUTPUT', '-p', 'udp', '-j', 'DROP');
  }

  /** Sends datagrams. The sending CPU has dropped all of them when this returns. */
  send(count: number, address = '127.0.0.1'): void {
    execFileSync(TRAFFIC, this.#args(count, address), { env: ENV });
  }

  /** Sends one from each of the first addresses of 11.0.0.0/8, to an address of 198.51.100.0/24. */
  sendFromEach(sources: number, address: string): void {
    execFileSync(TRAFFIC, [...this.#args(sources, address), `${sources}`], { env: ENV });
  }

  /** Starts sending; `sent` resolves when it is done. */
  start(count: number, address = '127.0.0.1', cpu?: number): { readonly process: ChildProcess; readonly sent: Promise<unknown> } {
    const process = spawn(TRAFFIC, this.#args(count, address, cpu), { env: ENV, stdio: 'ignore' });
    return { process, sent: once(process, 'exit') };
  }

  /** What the rule has dropped, by iptables' counter. */
  get dropped(): { readonly packets: number; readonly bytes: number } {
    const counts = ['iptables', 'ip6tables'].map((command) => {
      const [, packets, bytes] = /^\s*(\d+)\s+(\d+)\s+DROP\b/m.exec(this.#in(command, '-nvxL', 'OUTPUT')) ?? [];
      return { packets: Number(packets), bytes: Number(bytes) };
    });
    return {
      packets: counts.reduce((sum, { packets }) => sum + packets, 0),
      bytes: counts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  remove(): void {
    this.#ip('netns', 'del', this.name);
  }

  #args(count: number, address: string, cpu = availableParallelism() - 1): string[] {
    this.#seed += 1;
    return [this.name, `${cpu}`, 'spoof', address, `${count}`, `${this.#seed}`];
  }

  #ip(...args: readonly string[]): string {
    return execFileSync('ip', args, { env: ENV, encoding: 'utf8' });
  }

  #in(...command: readonly string[]): string {
    return this.#ip('netns', 'exec', this.name, ...command);
  }
}
