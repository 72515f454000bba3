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
   * `send` datagrams, or in class 1:3 of a queue as `bulk`, `connect` by TCP, `receive` datagrams without reading them. An `accept` has no descriptor to give, or,
   * with a burst of 0, waits for a connection that doesn't come.
   */
  readonly kind: 'send' | 'bulk' | 'connect' | 'accept' | 'receive';
  readonly address: string;
  readonly port: number;
  /** This often at once, then a pause. */
  readonly burst?: number;
  readonly pauseMicros?: number;
  /** Until the time is over where it isn't given. */
  readonly count?: number;
  readonly mark?: number;
}

/** What the calls of one job returned, by the errno's name; `OK` for success. */
export type Returned = Readonly<Record<string, number>>;

/** Does all jobs at once, for so many seconds at most. Throws where one couldn't be done. */
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
