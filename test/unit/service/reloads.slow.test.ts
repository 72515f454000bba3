import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import type { Held } from './reloads_child.ts';

const CHILD = fileURLToPath(new URL('reloads_child.ts', import.meta.url));
/** One graph of the child's configuration takes more than 1 MB, so ninety of them could not hide in this. */
const HEAP_NOISE_BYTES = 10_000_000;

test.each([
  ['an unchanged', 'unchanged'],
  ['a changed', 'changed'],
])(
  'a hundred reloads of %s file leave no memory, handle, descriptor or listener behind',
  { timeout: 120_000 },
  async (_, kind) => {
    const child = fork(CHILD, [scratchDirectory(), kind], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [[first, last]] = (await once(child, 'message')) as [[Held, Held]];
    await once(child, 'exit');
    expect(last.heapBytes).toBeLessThan(first.heapBytes + HEAP_NOISE_BYTES);
    expect(last).toEqual({ ...first, heapBytes: last.heapBytes });
  },
);
