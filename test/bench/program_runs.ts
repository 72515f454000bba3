import { readdirSync, readFileSync } from 'node:fs';
import { run } from './lab.ts';

/** What the kernel's statistics say of a program's runs. */
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

/** The runs of one BPF program so far, by `bpftool prog`. */
export function runsOf(program: number): Runs {
  const { run_cnt = 0, run_time_ns = 0 } = JSON.parse(run('bpftool', ['-j', 'prog', 'show', 'id', `${program}`])) as ProgramInfo;
  return { count: run_cnt, nanoseconds: run_time_ns };
}

/** The ids of the BPF programs that a process holds, from its file descriptors: other processes have programs of the same name. */
export function programsOf(pid: number): number[] {
  const ids = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    let text = '';
    try {
      text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    } catch {
      // It was closed since it was listed.
    }
    // A link tells its program's id too, without the program's type.
    const id = /^prog_type:/m.test(text) ? /^prog_id:\s*(\d+)/m.exec(text)?.[1] : undefined;
    return id === undefined ? [] : [Number(id)];
  });
  return [...new Set(ids)];
}

/** The id of the one program that a process holds under a name that matches. */
export function programOf(pid: number, name: RegExp): number {
  const held = new Set(programsOf(pid));
  const programs = JSON.parse(run('bpftool', ['-j', 'prog', 'show'])) as ProgramInfo[];
  const found = programs.find((program) => held.has(program.id) && name.test(program.name ?? ''));
  if (found === undefined) throw new Error(`process ${pid} has no BPF program ${name}`);
  return found.id;
}
