import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { files, VALID } from '../config/scratch.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

/** A configuration whose output is far larger than the buffer of a pipe. */
const lines = Array.from({ length: 2_000 }, (_, index) => `      key_${index}: ${'x'.repeat(30)}\n`);
const LARGE = VALID.replace('  telemetry:\n', `  telemetry:\n    resource:\n${lines.join('')}`);

/** The output of `reader` in a shell pipeline. Node's own pipes are sockets, which buffer more. */
function printConfigTo(reader: string, redirected = '') {
  const [file = ''] = files(LARGE);
  const script = `"$0" "$1" print-config --config "$2" ${redirected} | ${reader}`;
  return spawnSync('bash', ['-o', 'pipefail', '-c', script, process.execPath, MAIN, file], { encoding: 'utf8' });
}

test('a slow reader of a pipe gets all of it', () => {
  const { stdout, stderr, status } = printConfigTo('{ sleep 2; cat; }');
  expect(stdout.length).toBeGreaterThan(65_536);
  expect(stdout).toMatch(/exporters:\n\s+- prometheus\n\s+- debug\n$/);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

test('a reader that goes away ends it quietly', () => {
  expect(printConfigTo('head -c 9')).toMatchObject({ stdout: 'receivers', stderr: '', status: 0 });
});

test('a full disk is reported', () => {
  expect(printConfigTo('cat > /dev/null', '> /dev/full')).toMatchObject({
    stderr: expect.stringMatching(/^dropreason: can't write the output: ENOSPC.*\n$/),
    status: 1,
  });
});

test('running from src/ leaves nothing in the source tree', () => {
  expect(spawnSync(process.execPath, [MAIN, 'components'], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  expect(readdirSync(dirname(MAIN)).filter((name) => name.startsWith('.'))).toEqual([]);
});
