import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The prefix of a command line that runs as another user: uid 65534, without groups. Works in a clone below root's home. */
export const NOBODY: readonly string[] = [
  fileURLToPath(new URL('reachable.sh', import.meta.url)),
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
];

/** Why that user can't run the file at `path`, for example because of umask 077; undefined if it can. */
export function whyNotByNobody(path: string): string | undefined {
  const [file, ...args] = NOBODY as [string, ...string[]];
  if (spawnSync(file, [...args, 'test', '-r', path]).status === 0) return undefined;
  const why = `uid 65534 can't read ${path}`;
  console.warn(`skipped: ${why}`);
  return why;
}
