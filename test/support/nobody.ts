import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a command line begins with that another user runs: uid 65534, without groups, in a clone that may be in root's own home. */
export const NOBODY: readonly string[] = [
  fileURLToPath(new URL('reachable.sh', import.meta.url)),
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
];

/** Why that user can't run what is at `path`, such as files that were written under umask 077; undefined where it can. */
export function whyNotByNobody(path: string): string | undefined {
  const [file, ...args] = NOBODY as [string, ...string[]];
  if (spawnSync(file, [...args, 'test', '-r', path]).status === 0) return undefined;
  const why = `uid 65534 can't read ${path}`;
  console.warn(`skipped: ${why}`);
  return why;
}
