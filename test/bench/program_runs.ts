import { readdirSync, readFileSync } from 'node:fs';
import { run } from './lab.ts';

/** A program's runs, from the kernel's statistics. */
export interface Runs {
  readonly count: number;
  readonly nanoseconds: number;
}

interface ProgramInfo {
  readonly id: number;
  readonly name?: string;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

/** The runs of each BPF program so far, from `bpftool prog`. */
export function runsOf(ids: readonly number[]): Runs[] {
  return ids.map((id) => {
    const { run_cnt = 0, run_time_ns = 0 } = JSON.parse(run('bpftool', ['-j', 'prog', 'show', 'id', `${id}`])) as ProgramInfo;
    return { count: run_cnt, nanoseconds: run_time_ns };
  });
}

/** The ids of a process's BPF programs, from its file descriptors, because other processes may have programs with the same names. */
function programsOf(pid: number): number[] {
  const ids = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    let text = '';
    try {
      text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    } catch {
      // It was closed after it was listed.
    }
    // A link has its program's id too, but not the program's type.
    const id = /^prog_type:/m.test(text) ? /^prog_id:\s*(\d+)/m.exec(text)?.[1] : undefined;
    return id === undefined ? [] : [Number(id)];
  });
  return [...new Set(ids)];
}

/** The ids of a process's programs whose name matches. Throws if there are none. */
export function idsOf(pid: number, name: RegExp): number[] {
  const held = new Set(programsOf(pid));
  const ids = programs().flatMap((program) => (held.has(program.id) && name.test(program.name ?? '') ? [program.id] : []));
  if (ids.length === 0) throw new Error(`process ${pid} has no BPF program ${name}`);
  return ids;
}

/** A program and its runs so far. */
export interface ProgramRuns extends Runs {
  readonly name: string;
}

/** All programs that a process holds, by id. */
export function runsOfProcess(pid: number): ReadonlyMap<number, ProgramRuns> {
  const held = new Set(programsOf(pid));
  const runs = programs().filter(({ id }) => held.has(id));
  return new Map(
    runs.map(({ id, name = '', run_cnt = 0, run_time_ns = 0 }) => [id, { name, count: run_cnt, nanoseconds: run_time_ns }]),
  );
}

function programs(): ProgramInfo[] {
  return JSON.parse(run('bpftool', ['-j', 'prog', 'show'])) as ProgramInfo[];
}
