import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { planOf, scriptOf } from '../../vm/plan.ts';

test('every kernel is moved down rung by rung, and one of them hook by hook', () => {
  const labels = planOf('6.1', true).map(({ label }) => label);
  expect(labels).toEqual(['modules loaded later', 'default', 'kprobe', 'stack', 'tracepoint', 'state']);
  expect(planOf('6.1').map(({ label }) => label)).toEqual(labels.slice(0, 2));
  const finest = planOf('6.12').map(({ label }) => label);
  expect(finest.slice(0, labels.length)).toEqual(labels);
  expect(finest).toContain('nat=stack');
  expect(finest).toContain('accept=none');
  expect(finest).not.toContain('accept=stack');
});

test('one run that fails fails the script, and the others run all the same', () => {
  const runs = [
    { label: 'a', command: ['fails'] },
    { label: 'b', command: ['works', "it's"] },
  ];
  // In place of node, a command that is told what to run, and fails where that fails.
  const script = scriptOf(runs, '/', '/bin/false', 'x y')
    .replaceAll("'/bin/false'", 'ran')
    .replaceAll('sh test/vm/modules.sh', ':');
  const shell = `ran() { echo "$@"; [ "$1" != test/kernel/fails ]; }\n(${script})\necho $?`;
  expect(execFileSync('sh', ['-c', shell], { encoding: 'utf8' })).toBe(
    "test/kernel/fails --filter x y\ntest/kernel/works it's --filter x y\n1\n",
  );
});
