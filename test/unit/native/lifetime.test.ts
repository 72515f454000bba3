import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { whyNotHere } from '../../support/requirements.ts';
import { ROOT } from './probe_options.ts';

const CYCLES = 200;
/** For the verifier to look at so many programs, on a busy machine. */
const MOST_MILLIS = 170_000;
const MEGABYTE = 2 ** 20;

interface Ids {
  readonly programs: readonly number[];
  readonly maps: readonly number[];
}

/**
 * What `body` leaves in `result`, run by a process of its own that may collect garbage and ends on a crash alone. `ids()`
 * has the programs and maps that the process holds.
 */
function inProcess<T>(body: string): T {
  const script = `
    import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
    import { setImmediate } from 'node:timers/promises';
    import { group, native, options, program } from './test/unit/native/probe_options.ts';
    const files = () => readdirSync('/proc/self/fd').length;
    const ids = () => {
      const held = { programs: [], maps: [] };
      for (const fd of readdirSync('/proc/self/fdinfo')) {
        let text = '';
        try { text = readFileSync('/proc/self/fdinfo/' + fd, 'utf8'); } catch {}
        const [, kind, id] = /^(prog|map)_id:\\s*(\\d+)/m.exec(text) ?? [];
        if (kind !== undefined) held[kind === 'prog' ? 'programs' : 'maps'].push(Number(id));
      }
      return held;
    };
    const mapped = () => readFileSync('/proc/self/maps', 'utf8').split('\\n').filter((line) => line.includes('bpf-map')).length;
    const collect = async () => { for (let i = 0; i < 3; i++) { globalThis.gc(); await setImmediate(); } };
    const open = (programs = [program(), 'sys_exit', 'inet_sock_set_state']) => {
      const probe = new native.Probe(options());
      for (const each of programs) probe.attach(group(each), { connect: true, accept: true });
      return probe;
    };
    let result;
    ${body}
    process.stdout.write(JSON.stringify(result));`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: MOST_MILLIS,
  });
  if (status !== 0) throw new Error(`the process ended with ${status ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Which of these the kernel still has, a moment later: it frees them once no CPU can be running them. */
async function remaining({ programs, maps }: Ids): Promise<Ids> {
  const list = (what: 'prog' | 'map') => {
    const all = JSON.parse(execFileSync('/usr/sbin/bpftool', ['--json', what, 'show'], { encoding: 'utf8' })) as { id: number }[];
    return new Set(all.map(({ id }) => id));
  };
  const look = () => {
    const [loaded, made] = [list('prog'), list('map')];
    return { programs: programs.filter((id) => loaded.has(id)), maps: maps.filter((id) => made.has(id)) };
  };
  for (let attempt = 0; attempt < 20; attempt++) {
    const { programs: left, maps: kept } = look();
    if (left.length + kept.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return look();
}

describe.skipIf(whyNotHere(['bpftool']) !== undefined)('a probe leaves nothing behind', () => {
  test(
    `over ${CYCLES} times opened, attached and closed: no file, no memory, no program, no map`,
    async () => {
      const { files, resident, held, after, left } = inProcess<{
        files: number[];
        resident: number[];
        held: Ids;
        after: Ids;
        left: number;
      }>(`
      const held = { programs: [], maps: [] };
      const cycle = (times) => {
        for (let i = 0; i < times; i++) {
          const probe = open([program()]);
          if (i % 20 === 0) for (const kind of ['programs', 'maps']) held[kind].push(...ids()[kind]);
          probe.close();
        }
      };
      cycle(20);
      await collect();
      const before = [files(), process.memoryUsage.rss()];
      cycle(${CYCLES});
      await collect();
      result = { files: [before[0], files()], resident: [before[1], process.memoryUsage.rss()], held, after: ids(), left: mapped() };
    `);
      expect(left).toBe(0);
      expect(files[1]).toBe(files[0]);
      // A leak of the counters alone would be a MB in 20 cycles; the allocator's own unrest is some 4 MB.
      expect((resident[1] as number) - (resident[0] as number)).toBeLessThan(8 * MEGABYTE);
      expect(held.programs.length).toBeGreaterThan(10);
      expect(held.maps.length).toBeGreaterThan(10);
      expect(after).toEqual({ programs: [], maps: [] });
      expect(await remaining(held)).toEqual({ programs: [], maps: [] });
    },
    MOST_MILLIS,
  );

  test('collected without a close', async () => {
    const { held, after, files, maps } = inProcess<{ held: Ids; after: Ids; files: number[]; maps: number[] }>(`
      const before = files();
      (() => { for (let i = 0; i < 3; i++) open(); })();
      const held = ids();
      const maps = [mapped()];
      await collect();
      result = { held, after: ids(), files: [before, files()], maps: [...maps, mapped()] };
    `);
    expect(maps).toEqual([6, 0]);
    expect(held.programs.length).toBeGreaterThanOrEqual(9);
    expect(after).toEqual({ programs: [], maps: [] });
    expect(files[1]).toBe(files[0]);
    expect(await remaining(held)).toEqual({ programs: [], maps: [] });
  });

  test('collected while its counters are still read: they outlive it', () => {
    const { length, sum } = inProcess<{ length: number; sum: string }>(`
      const counters = (() => open().counters)();
      await collect();
      result = { length: counters.length, sum: String(counters.reduce((all, each) => all + each, 0n)) };
    `);
    expect(length).toBeGreaterThan(0);
    expect(sum).toMatch(/^\d+$/);
  });

  test('closed twice, and collected then', () => {
    const held = inProcess<Ids>(`
      (() => { const probe = open(); probe.close(); probe.close(); })();
      await collect();
      result = ids();
    `);
    expect(held).toEqual({ programs: [], maps: [] });
  });

  test('of a start that failed', async () => {
    const { after, files } = inProcess<{ after: Ids; files: number[] }>(`
      const fail = () => { try { new native.Probe(options({ object: '/nowhere' })); } catch {} };
      const refuse = () => { const probe = new native.Probe(options()); try { probe.attach(group('sys_exit', 'nonsense')); } catch {} probe.close(); };
      fail(); refuse();
      const before = files();
      for (let i = 0; i < 20; i++) { fail(); refuse(); }
      await collect();
      result = { after: ids(), files: [before, files()] };
    `);
    expect(after).toEqual({ programs: [], maps: [] });
    expect(files[1]).toBe(files[0]);
  });

  test('of a process that ends without a close', async () => {
    const held = inProcess<Ids>('globalThis.probe = open(); result = ids();');
    expect(held.programs.length).toBeGreaterThanOrEqual(3);
    expect(await remaining(held)).toEqual({ programs: [], maps: [] });
  });

  test('of a worker thread that ends without a close', async () => {
    const { inWorker, after } = inProcess<{ inWorker: Ids; after: Ids }>(`
      const { Worker } = await import('node:worker_threads');
      const worker = new Worker(
        \`const { parentPort } = process.getBuiltinModule('node:worker_threads');
         import('${ROOT}test/unit/native/probe_options.ts').then(({ group, native, options, program }) => {
           globalThis.probe = new native.Probe(options());
           probe.attach(group(program()));
           parentPort.postMessage('ready');
           setInterval(() => {}, 1000);
         });\`,
        { eval: true },
      );
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      const inWorker = ids();
      await worker.terminate();
      result = { inWorker, after: ids() };
    `);
    expect(new Set(inWorker.programs).size).toBe(1);
    expect(after).toEqual({ programs: [], maps: [] });
    expect(await remaining(inWorker)).toEqual({ programs: [], maps: [] });
  });

  test('the file of the addon needs no symbol of one Node alone', () => {
    expect(readFileSync(`${ROOT}build/dropreason.node`).includes('napi_register_module_v1')).toBe(true);
    const undefinedSymbols = execFileSync('nm', ['--dynamic', '--undefined-only', `${ROOT}build/dropreason.node`], {
      encoding: 'utf8',
    });
    expect(undefinedSymbols).not.toMatch(/v8|_ZN4node/);
  });
});
