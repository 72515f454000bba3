import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { whyNotHere } from '../../support/requirements.ts';

const OUTPUT = new URL('../../../src/component/standard_output.ts', import.meta.url).href;

/** Runs a command with a new terminal as its standard output, which is not read. */
const ON_A_TERMINAL = `import os, sys
unread, terminal = os.openpty()
os.set_inheritable(unread, True)
os.dup2(terminal, 1)
os.execv(sys.argv[1], sys.argv[1:])`;

/** Runs a script that has `write(text)` for a standard output; returns what it reports by IPC. */
function run(stdout: 'pipe' | 'terminal' | number, script: string): ChildProcess {
  const head = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { standardOutput } from '${OUTPUT}';
    const output = standardOutput('stdout');
    const write = (text) => new Promise((resolve) => output.write(text, (error) => resolve(error?.code ?? error?.message)));
    const told = (value) => new Promise((resolve) => process.send(value, resolve));`;
  const node = [process.execPath, '--input-type=module', '-e', `${head}\n${script}\nprocess.disconnect();`];
  const [command = '', ...args] = stdout === 'terminal' ? ['python3', '-c', ON_A_TERMINAL, ...node] : node;
  return spawn(command, args, { stdio: ['ignore', stdout === 'terminal' ? 'ignore' : stdout, 'inherit', 'ipc'] });
}

describe('standard output', () => {
  test('whose reader goes away loses output, and the process continues', async () => {
    const child = run(
      'pipe',
      `await write('x\\n'); await told('written'); await sleep(200); await told([await write('a\\n'), await write('b\\n')]);`,
    );
    await once(child, 'message');
    child.stdout?.destroy();
    const [codes] = await once(child, 'message');
    expect(codes).toEqual(['EPIPE', 'EPIPE']);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('whose reader is slow buffers a bounded amount, blocks nothing, and is written to again', async () => {
    const script = `
      const codes = [];
      const pieces = Array.from({ length: 100 }, () => write('x'.repeat(65_535) + '\\n').then((code) => codes.push(code)));
      await sleep(100);
      await told([codes.filter((code) => code !== undefined).length, process.stdout.writableLength]);
      await Promise.all(pieces);
      await told(await write('again\\n') ?? 'written');`;
    const child = run('pipe', script);
    const [[lost, waiting]] = await once(child, 'message');
    expect(lost).toBeGreaterThan(50);
    expect(waiting).toBeLessThan(2_000_000);
    child.stdout?.resume();
    expect(await once(child, 'message')).toEqual(['written', undefined]);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.skipIf(whyNotHere(['python3']) !== undefined)('on a terminal that nobody reads blocks nobody', async () => {
    const script = `
      const codes = [];
      for (let i = 0; i < 100; i++) void write('x'.repeat(65_535) + '\\n').then((code) => codes.push(code));
      await sleep(100);
      await told([process.stdout.isTTY, codes.filter((code) => code !== undefined).length]);
      process.exit();`;
    const child = run('terminal', script);
    const [[isTerminal, lost]] = await once(child, 'message');
    expect(isTerminal).toBe(true);
    expect(lost).toBeGreaterThan(50);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('on a full disk reports it at each write', async () => {
    const child = run(openSync('/dev/full', 'w'), `await told([await write('a\\n'), await write('b\\n')]);`);
    expect((await once(child, 'message'))[0]).toEqual(['ENOSPC', 'ENOSPC']);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
