import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, on all server architectures of Linux (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** CPU seconds of a process, in user space and in the kernel (utime and stime of proc(5)). */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the process, in brackets, may contain spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Current and peak resident memory, in MB of 10^6 bytes. */
export function residentMemory(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key: string) => (Number(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** The busy part of all CPUs since the last call, from /proc/stat. */
export class Busyness {
  #before = read();

  sinceLast(): number {
    const before = this.#before;
    this.#before = read();
    return 1 - (this.#before.idle - before.idle) / Math.max(1, this.#before.all - before.all);
  }
}

function read(): { idle: number; all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const ticks = line.split(/\s+/).slice(1, 9).map(Number); // user nice system idle iowait irq softirq steal
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), all: ticks.reduce((sum, part) => sum + part, 0) };
}
