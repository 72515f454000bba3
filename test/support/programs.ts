import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the BPF programs that a process holds, directly or by a link; none if it has ended. */
export function programsOf(pid: number): number[] {
  const ids = new Set<number>();
  for (const fd of listed(`/proc/${pid}/fdinfo`)) {
    const [, id] = /^prog_id:\s*(\d+)/m.exec(read(`/proc/${pid}/fdinfo/${fd}`)) ?? [];
    if (id !== undefined) ids.add(Number(id));
  }
  return [...ids];
}

/** Those of `ids` that still exist a moment later. The kernel frees a program when no CPU can be running it. */
export async function remainingPrograms(ids: readonly number[]): Promise<number[]> {
  for (let attempt = 0; ; attempt++) {
    const all = JSON.parse(execFileSync('/usr/sbin/bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8' })) as {
      id: number;
    }[];
    const left = ids.filter((id) => all.some((program) => program.id === id));
    if (left.length === 0 || attempt === 20) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // closed meanwhile
  }
}
