import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './kernels.ts';

/** The result for a kernel that wasn't in the cache. `missing`: the mirror does not have it. */
export interface Fetched {
  readonly status: 'fetched' | 'missing' | 'failed';
  /** The package, or why there is none. */
  readonly what: string;
}

const LINE = /^(\S+) (fetched|missing|failed) (.*)$/;

/** Downloads these kernels into the cache. Rejects if the script itself fails. A kernel without a line has failed. */
export async function fetchKernels(names: readonly string[]): Promise<Map<string, Fetched>> {
  const outcomes = new Map<string, Fetched>(
    names.map((name) => [name, { status: 'failed', what: 'fetch_kernels.sh printed no line for it' }]),
  );
  if (names.length === 0) return outcomes;
  const script = join(import.meta.dirname, 'fetch_kernels.sh');
  const { stdout } = await promisify(execFile)('sh', [script, join(cacheDirectory(), 'kernels'), ...names]);
  for (const line of stdout.split('\n')) {
    const [, name, status, what] = LINE.exec(line) ?? [];
    if (name !== undefined) outcomes.set(name, { status: status as Fetched['status'], what: what ?? '' });
  }
  return outcomes;
}
