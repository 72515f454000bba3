import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NOBODY } from '../../support/nobody.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { NO_PRIVILEGES, type Privileges, privilegesOf } from '../../support/threads.ts';
import { inProcess } from './in_process.ts';
import { ROOT } from './probe_options.ts';

/** For the text of other processes. */
const IMPORT = "import { privilegesOf } from './test/support/threads.ts';";

/** The compiler takes a minute and more under emulation. */
const BUILD_MILLIS = 300_000;

describe.skipIf(whyNotHere(['setpriv', 'g++']) !== undefined)('dropping capabilities', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-threads-'));
  const threads = join(directory, 'threads');

  beforeAll(() => {
    const sources = ['test/unit/native/threads.cc', 'native/src/capabilities.cc', 'native/src/error.cc'];
    execFileSync('g++', ['-std=c++17', '-O2', '-pthread', ...sources, '-lbpf', '-o', threads], { cwd: ROOT, stdio: 'pipe' });
  }, BUILD_MILLIS);

  afterAll(() => rmSync(directory, { recursive: true }));

  test('leaves none to any thread of Node, workers and thread pool included, nor to what they make later', () => {
    const { before, after, later } = inProcess<{ before: Privileges[]; after: Privileges[]; later: Privileges[] }>(`${IMPORT}
      const { pbkdf2 } = await import('node:crypto');
      const { Worker } = await import('node:worker_threads');
      const shared = new Int32Array(new SharedArrayBuffer(4));
      const waiting = () => new Promise((resolve, reject) => {
        const source = "const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');" +
          "parentPort.postMessage('here'); Atomics.wait(workerData, 0, 0); parentPort.postMessage('woken');";
        const worker = new Worker(source, { eval: true, workerData: shared });
        const woken = () => new Promise((resolve) => worker.once('message', resolve));
        worker.once('error', reject).once('message', () => resolve({ woken: woken() }));
      });
      const hashes = () => Promise.all(['a', 'b', 'c', 'd', 'e'].map((each) =>
        new Promise((resolve, reject) => pbkdf2(each, 'salt', 50_000, 64, 'sha512', (error, hash) => error ? reject(error) : resolve(hash)))));
      const [hashing, workers] = [hashes(), [await waiting()]];
      const before = privilegesOf();
      native.dropCapabilities();
      const after = privilegesOf();
      await hashing;
      workers.push(await waiting());
      await hashes();
      const later = privilegesOf();
      setInterval(() => Atomics.notify(shared, 0), 10).unref();
      for (const { woken } of workers) if ((await woken) !== 'woken') throw new Error('not woken');
      result = { before, after, later };
    `);
    expect(new Set(before.map(({ CapEff }) => CapEff))).not.toContain(NO_PRIVILEGES.CapEff);
    expect(after.length).toBeGreaterThan(8);
    expect(after).toEqual(after.map(() => NO_PRIVILEGES));
    expect(later.length).toBeGreaterThan(8);
    expect(later).toEqual(later.map(() => NO_PRIVILEGES));
  });

  test('twice does no harm, and a program that is run gets none', () => {
    const text = inProcess<string>(`
      const { execFileSync } = await import('node:child_process');
      native.dropCapabilities();
      native.dropCapabilities();
      result = execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' });
    `);
    expect(text).toMatch(/^CapEff:\s0{16}$/m);
    expect(text).toMatch(/^CapPrm:\s0{16}$/m);
  });

  test('without CAP_SETPCAP leaves the bounding set, which nothing can be taken from then', () => {
    const held = '+bpf,+perfmon';
    const command = [...NOBODY, `--inh-caps=${held}`, `--ambient-caps=${held}`];
    const { before, after } = inProcess<{ before: Privileges[]; after: Privileges[] }>(
      `${IMPORT} const before = privilegesOf(); native.dropCapabilities(); result = { before, after: privilegesOf() };`,
      command,
    );
    const bounding = privilegesOf()[0]?.CapBnd;
    expect(before[0]).toMatchObject({ CapEff: '000000c000000000', CapAmb: '000000c000000000', NoNewPrivs: '0' });
    expect(after).toEqual(after.map(() => ({ ...NO_PRIVILEGES, CapBnd: bounding })));
  });

  test('reaches threads that block every signal and those made meanwhile, and disturbs none', () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const lines = execFileSync(threads, { encoding: 'utf8' }).split('\n');
      expect(lines).toEqual([
        ...Object.entries({ ...NO_PRIVILEGES })
          .map(([key, value]) => `${key}:\t${value}`)
          .sort(),
        'setresuid 0',
        'read 0',
        '',
      ]);
    }
  });

  test('names a thread that it could not reach', () => {
    expect(execFileSync(threads, ['unreachable'], { encoding: 'utf8' })).toMatch(
      /^ERR_CAPABILITIES these threads have capabilities left: held \(\d+\)$/m,
    );
  });
});
