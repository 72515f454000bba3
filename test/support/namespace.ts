import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { statSync } from 'node:fs';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
/** Bytes of an IPv4 and a UDP header. */
const HEADER_BYTES = 28;
let made = 0;

/** A network namespace for a test, with its loopback up. */
export class Namespace {
  readonly name: string;
  /** As in `network.namespace.inode`. */
  readonly inode: number;

  constructor() {
    made += 1;
    this.name = `dropreason-e2e-${process.pid}-${made}`;
    execFileSync('ip', ['netns', 'add', this.name], { env: ENV });
    execFileSync('ip', ['-n', this.name, 'link', 'set', 'lo', 'up'], { env: ENV });
    this.inode = statSync(`/run/netns/${this.name}`).ino;
  }

  /**
   * Sends datagrams to a port without a listener. The kernel drops each with NO_SOCKET before this returns, on the CPU that sent it.
   * Returns the bytes of the drops, from the network header on.
   */
  drop(count: number, { payloadBytes = 100, cpu = 0 }: { payloadBytes?: number; cpu?: number } = {}): number {
    execFileSync('ip', [...this.#sender(cpu), `for ((i = 0; i < ${count}; i++)); do ${send(payloadBytes)}; done`], { env: ENV });
    return count * (payloadBytes + HEADER_BYTES);
  }

  /** Makes that many TCP connects fail with "refused". */
  refuse(count: number): void {
    const script = `for ((i = 0; i < ${count}; i++)); do (: < /dev/tcp/127.0.0.1/9) 2> /dev/null || :; done`;
    execFileSync('ip', [...this.#sender(0), script], { env: ENV });
  }

  /** Drops continuously until the process is killed. */
  flood(): ChildProcess {
    return spawn('ip', [...this.#sender(0), `while :; do ${send(10)}; done`], { env: ENV, stdio: 'ignore' });
  }

  remove(): void {
    execFileSync('ip', ['netns', 'del', this.name], { env: ENV });
  }

  #sender(cpu: number): string[] {
    return ['netns', 'exec', this.name, 'taskset', '-c', String(cpu), 'bash', '-c'];
  }
}

const send = (payloadBytes: number) => `printf '%${payloadBytes}s' '' > /dev/udp/127.0.0.1/9`;
