import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
let made = 0;

/** Bytes of an IPv4 and a UDP header. */
const HEADER_BYTES = 28;

/** A network namespace of a test's own, with its loopback up. */
export class Namespace {
  readonly name: string;
  /** As `network.namespace.inode` has it. */
  readonly inode: number;

  private constructor(name: string) {
    this.name = name;
    this.inode = statSync(`/run/netns/${name}`).ino;
  }

  static async create(): Promise<Namespace> {
    made += 1;
    const name = `dropreason-peers-${process.pid}-${made}`;
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    return new Namespace(name);
  }

  /**
   * Sends that many datagrams to a port that nobody listens on: the kernel drops each with NO_SOCKET before this returns.
   * Resolves with the bytes that the drops come to, from the network header on.
   */
  async dropDatagrams(count: number, payloadBytes = 100): Promise<number> {
    const script = `for ((i = 0; i < ${count}; i++)); do printf '%${payloadBytes}s' '' > /dev/udp/127.0.0.1/9; done`;
    await run('ip', ['netns', 'exec', this.name, 'bash', '-c', script]);
    return count * (payloadBytes + HEADER_BYTES);
  }

  async remove(): Promise<void> {
    await run('ip', ['netns', 'del', this.name]);
  }
}
