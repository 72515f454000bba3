import { readdirSync, readFileSync } from 'node:fs';

/** The lines of /proc/PID/status about a thread's privileges, by name; proc_pid_status(5). */
export type Privileges = Readonly<Record<string, string>>;

const NONE = '0000000000000000';

/** The privileges of a thread that has dropped everything. */
export const NO_PRIVILEGES: Privileges = {
  CapInh: NONE,
  CapPrm: NONE,
  CapEff: NONE,
  CapBnd: NONE,
  CapAmb: NONE,
  NoNewPrivs: '1',
};

/** The privileges of every thread of a process, and of the process, which is its first one. */
export function privilegesOf(pid: number | 'self' = 'self'): Privileges[] {
  return fieldsOf(pid, /^(Cap\w+|NoNewPrivs):\s*(\S+)/gm);
}

/** The users and groups of every thread of a process, and of the process. */
export function identitiesOf(pid: number | 'self' = 'self'): Readonly<Record<string, string>>[] {
  return fieldsOf(pid, /^(Uid|Gid|Groups):[ \t]*(.*)$/gm);
}

function fieldsOf(pid: number | 'self', field: RegExp): Readonly<Record<string, string>>[] {
  const statuses = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/status`);
  return [`/proc/${pid}/status`, ...statuses].map((path) => {
    const lines = readFileSync(path, 'utf8').matchAll(field);
    return Object.fromEntries(
      [...lines].map(([, name, value]) => [name as string, (value as string).trim().replaceAll('\t', ' ')]),
    );
  });
}
