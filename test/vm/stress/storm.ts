import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const STORM = fileURLToPath(new URL('../../../build/test/stress/storm', import.meta.url));

/** One line of storm.c. */
export interface Job {
  readonly netns: string;
  readonly cpu: number;
  /**
   * `send`: sends datagrams. `bulk`: the same, in class 1:3 of a queue. `connect`: connects by TCP. `receive`: receives datagrams without
   * reading them. `accept`: accepts without a free descriptor or, with a burst of 0, waits for a connection that doesn't come.
   */
  readonly kind: 'send' | 'bulk' | 'connect' | 'accept' | 'receive';
  readonly address: string;
  readonly port: number;
  /** The number of calls before each pause. */
  readonly burst?: number;
  readonly pauseMicros?: number;
  /** Default: until the time is over. */
  readonly count?: number;
  readonly mark?: number;
}

/** The results of one job's calls, by errno name; `OK` for success. */
export type Returned = Readonly<Record<string, number>>;

/** Runs all jobs at once, for at most so many seconds. Throws if a job can't run. */
export async function storm(jobs: readonly Job[], seconds: number): Promise<Returned[]> {
  const child = spawn(STORM, [String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close') as Promise<[number | null]>;
  child.stdin.end(jobs.map(lineOf).join('\n'));
  const printed = await text(child.stdout);
  const [status] = await ended;
  process.off('exit', kill);
  if (status !== 0) throw new Error(`storm ended with ${status}`);
  return JSON.parse(printed) as Returned[];
}

function lineOf({ netns, cpu, kind, address, port, burst = 1, pauseMicros = 0, count = 0, mark = 0 }: Job): string {
  return [netns, cpu, kind, address, port, burst, pauseMicros, count, mark].join(' ');
}
