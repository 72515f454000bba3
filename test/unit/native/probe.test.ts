import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Probe } from '../../../native/index.js';
import { whyNotHere } from '../../support/requirements.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { withCompiled } from './compile.ts';
import { inProcess } from './in_process.ts';
import { group, native, options, program, ROOT, thrownBy } from './probe_options.ts';

const why = whyNotHere(['clang', 'ip']);
const opened: Probe[] = [];

function open(more: object = {}): Probe {
  const probe = new native.Probe(options(more));
  opened.push(probe);
  return probe;
}

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
});

describe('the kernel', () => {
  test('tells its reasons by name', () => {
    const { reasons, libbpf } = native.kernelFacts();
    expect(libbpf).toMatch(/^\d+\.\d+$/);
    if (reasons.length === 0) return; // before 5.17
    expect(reasons.map(({ name }) => name)).toContain('SKB_DROP_REASON_NO_SOCKET');
    expect(new Set(reasons.map(({ name }) => name)).size).toBe(reasons.length);
  });

  test.skipIf(why !== undefined)('tells where functions lie, and which function lies there', () => {
    const { skb_release_data: range, ...rest } = native.symbolRanges(['skb_release_data', 'no_such_function']);
    expect(rest).toEqual({});
    if (range === undefined) throw new Error('skb_release_data is not in /proc/kallsyms');
    expect(range.end).toBeGreaterThan(range.start);
    expect(native.symbolsAt([range.start + 1n, range.end - 1n, 0n])).toEqual(['skb_release_data', 'skb_release_data', '']);
  });

  test.skipIf(why !== undefined)('takes the first byte behind a function for the return of its last call', () => {
    const { skb_release_data: range } = native.symbolRanges(['skb_release_data']);
    if (range === undefined) throw new Error('skb_release_data is not in /proc/kallsyms');
    const [before, within] = native.symbolsAt([range.start, range.end]);
    expect(before).not.toBe('skb_release_data');
    expect(within).toBe('skb_release_data');
  });
});

describe.skipIf(why !== undefined)('a probe', () => {
  test('has whole pages for each CPU', () => {
    const probe = open();
    expect(probe.cpus).toBeGreaterThan(0);
    expect((probe.rows * 16) % 4096).toBe(0);
    expect(probe.rows).toBeGreaterThanOrEqual(10 * 16 + native.layout.slots.length);
    expect(probe.counters).toHaveLength(2 * probe.cpus * probe.rows);
  });

  test('counts nothing before it is attached, and live memory after', () => {
    const { reasons } = native.kernelFacts();
    const probe = open({ reasons: Math.min(reasons.length + 1, native.layout.maxReasons), hints: new Uint8Array(256) });
    const { counters } = probe;
    const sum = () => counters.reduce((all, each) => all + each, 0n);
    dropSome();
    expect(sum()).toBe(0n);
    probe.attach(group(program()));
    probe.attach(group(program())); // does nothing
    expect(probe.attached).toEqual(group(program()));
    dropSome();
    expect(sum()).toBeGreaterThan(0n);
    const [statistics] = probe.statistics();
    expect(statistics?.program).toBe(program());
  });

  test('tells its maps, and no entries where none were counted', () => {
    const probe = open({ attributesMaxEntries: 77 });
    const maps = Object.fromEntries(probe.maps().map(({ map, capacity }) => [map, capacity]));
    expect(maps).toMatchObject({ dropreason_metrics: probe.cpus * probe.rows, dropreason_attributes: 77 });
    expect(probe.entries('attributes')).toEqual([]);
    expect(probe.entries('unlisted')).toEqual([]);
  });

  test('closes twice, and its counters are empty then', () => {
    const probe = open();
    const { counters } = probe;
    probe.close();
    probe.close();
    expect(counters).toHaveLength(0);
    expect(probe.counters).toHaveLength(0);
  });

  test.each([
    ['attach', (probe: Probe) => probe.attach(group(program()))],
    ['attached', (probe: Probe) => probe.attached],
    ['origin', (probe: Probe) => probe.origin],
    ['startTimeMillis', (probe: Probe) => probe.startTimeMillis],
    ['stacks', (probe: Probe) => probe.stacks()],
    ['entries', (probe: Probe) => probe.entries('unlisted')],
    ['statistics', (probe: Probe) => probe.statistics()],
    ['maps', (probe: Probe) => probe.maps()],
    ['cpus', (probe: Probe) => probe.cpus],
    ['rows', (probe: Probe) => probe.rows],
  ])('%s after close is ERR_CLOSED', (_, use) => {
    const probe = open();
    probe.close();
    expect(thrownBy(() => use(probe))).toMatchObject({
      code: 'ERR_CLOSED',
      errno: '',
      details: '',
      message: 'the probe is closed',
    });
  });
});

describe('errors say what was being done:', () => {
  test('an object that is not there', () => {
    const error = thrownBy(() => open({ object: '/nowhere/x.bpf.o' }));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ERR_OPEN', errno: 'ENOENT' });
    expect(error.message).toContain('/nowhere/x.bpf.o');
    expect(error.details).toMatch(/libbpf: .*\/nowhere\/x\.bpf\.o/);
  });

  test('a file that is no object', () => {
    const error = thrownBy(() => open({ object: `${ROOT}package.json` }));
    expect(error.code).toBe('ERR_OPEN');
    expect(error.details).toMatch(/^libbpf: /);
  });

  test.skipIf(why !== undefined)("an object of another layout: it wasn't built anew", () => {
    const source = 'char _license[] __attribute__((section("license"), used)) = "GPL";';
    const error = withCompiled(source, (object) => thrownBy(() => open({ object })));
    expect(error).toMatchObject({ code: 'ERR_OPEN', errno: '' });
    expect(error.message).toMatch(/build it again/);
  });

  test.skipIf(why !== undefined)("a program that the verifier refuses, in the verifier's own words", () => {
    const source = `
      #include "${ROOT}bpf/dropreason.bpf.c"
      SEC("tp_btf/kfree_skb")
      int reads_anywhere(__u64 *ctx) { return *(volatile __u64 *)ctx[1]; }`;
    const error = withCompiled(source, (object) => thrownBy(() => open({ object }).attach(group('reads_anywhere'))));
    expect(error).toMatchObject({ code: 'ERR_LOAD', errno: 'EACCES' });
    expect(error.details).toMatch(/R\d invalid mem access 'scalar'/);
    expect(error.details).toContain('reads_anywhere');
  });

  test.skipIf(why !== undefined)('a program that is not there: nothing of its group is attached', () => {
    const probe = open();
    expect(thrownBy(() => probe.attach(group(program(), 'nonsense')))).toMatchObject({
      code: 'ERR_ATTACH',
      message: 'the BPF object has no program nonsense',
    });
    expect(probe.attached).toEqual([]);
    expect(probe.statistics()).toEqual([]);
  });

  test.skipIf(why !== undefined)('a function that is not there', () => {
    const error = thrownBy(() => open().attach([{ program: 'confirm_fexit', target: 'no_such_function' }]));
    // A kernel that refuses such programs as such isn't asked about the function.
    const refused = error.errno === 'EPERM';
    expect(error).toMatchObject(refused ? { code: 'ERR_LOAD' } : { code: 'ERR_ATTACH', errno: 'ESRCH' });
    expect(error.message).toContain(refused ? 'confirm_fexit' : 'confirm_fexit to no_such_function');
  });

  test.skipIf(why !== undefined)('a map that is not there', () => {
    expect(thrownBy(() => open().entries('nonsense' as 'unlisted'))).toMatchObject({ code: 'ERR_MAP' });
  });

  test('what libbpf said of one call is not in the error of the next', () => {
    expect(thrownBy(() => open({ object: '/nowhere/x.bpf.o' })).details).not.toBe('');
    expect(thrownBy(() => open({ reasons: 'many' })).details).toBe('');
  });
});

describe.skipIf(whyNotHere(['gcc']) !== undefined)('while signals arrive faster than the verifier ends', () => {
  test('programs load', () => {
    const directory = scratchDirectory();
    const timer = join(directory, 'timer.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', timer, join(ROOT, 'test/unit/native/timer.c')]);
    const body = `
      const { group, options, program } = await import('./test/unit/native/probe_options.ts');
      result = 0;
      for (let i = 0; i < 5; i++) {
        const probe = new native.Probe(options({ rescue: true }));
        probe.attach(group('inet_sock_set_state', program()));
        result += probe.attached.length;
        probe.close();
      }`;
    expect(inProcess<number>(body, ['env', `LD_PRELOAD=${timer}`])).toBe(10);
  });
});

describe('an argument of another type is ERR_ARGUMENT', () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    object: [undefined, null, 7, {}, []],
    reasons: [undefined, null, '10', 10n, Number.NaN, -1, 1.5, 2 ** 32, Number.POSITIVE_INFINITY],
    unspecified: [undefined, '2', -1],
    attributes: [undefined, [], -1],
    attributesMaxEntries: [undefined, {}, Number.NaN],
    atomic: [undefined, 0, 'false'],
    netfilter: [undefined, null],
    reasoned: [undefined, 1],
    notes: [undefined, null],
    rescue: [undefined, 'no'],
    pin: [
      null,
      'x',
      {},
      { directory: '/x', fingerprint: '', startTimeMillis: 1 },
      { directory: '/x', fingerprint: 'x'.repeat(65), startTimeMillis: 1 },
      { directory: '/x', fingerprint: 'x', startTimeMillis: Number.NaN },
    ],
    fragments: [null, 7, 'x', {}, { start: 1, end: 2 }, { start: 1n }, { start: 1n, end: -1n }, { start: 1n, end: 2n ** 64n }],
    lists: [null, [], { end: 2n }],
    hints: [
      undefined,
      null,
      'x',
      [],
      new ArrayBuffer(256),
      new Float64Array(8),
      new BigUint64Array(8),
      new Uint16Array(8),
      new DataView(new ArrayBuffer(8)),
    ],
  };

  test.each(Object.entries(wrong).flatMap(([field, values]) => values.map((value) => ({ field, value }))))(
    'ProbeOptions.$field: $value',
    ({ field, value }) => {
      expect(thrownBy(() => open({ [field]: value }))).toMatchObject({ code: 'ERR_ARGUMENT', errno: '', details: '' });
    },
  );

  test.each([[undefined], [null], [7], ['x']])('ProbeOptions: %s', (given) => {
    expect(thrownBy(() => new native.Probe(given as never))).toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test.each([[undefined], [null], ['x'], [{}], [[7]], [[null]], [['x', Symbol('x')]]])('symbolRanges(%j)', (given) => {
    expect(thrownBy(() => native.symbolRanges(given as never))).toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test.each([[undefined], [null], ['x'], [{}], [[7]], [[-1n]], [[2n ** 64n]]])('symbolsAt(%s)', (given) => {
    expect(thrownBy(() => native.symbolsAt(given as never))).toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test.skipIf(why !== undefined)('attach and entries', () => {
    for (const given of [undefined, null, 7, {}, Symbol('x'), [7], ['kfree_skb'], [{ program: 'kfree_skb' }], [{ target: '' }]]) {
      expect(thrownBy(() => open().attach(given as never))).toMatchObject({ code: 'ERR_ARGUMENT' });
      expect(thrownBy(() => open().entries(given as never))).toMatchObject({ code: 'ERR_ARGUMENT' });
    }
  });

  test('an array of nothing, as long as arrays can be', () => {
    const endless = new Array<never>(2 ** 32 - 1);
    expect(thrownBy(() => open().attach(endless)).code).toBe('ERR_ARGUMENT');
    expect(thrownBy(() => native.symbolRanges(endless)).code).toBe('ERR_ARGUMENT');
    expect(thrownBy(() => native.symbolsAt(endless)).code).toBe('ERR_ARGUMENT');
  });

  test('hints of any length are taken: 256 at most are read', () => {
    for (const length of [0, 1, 255, 256, 257, 100_000]) {
      // Refused for its object, so its other options were taken.
      expect(thrownBy(() => open({ object: '/nowhere', hints: new Uint8Array(length) }))).toMatchObject({ code: 'ERR_OPEN' });
    }
  });

  test('what a getter throws comes out as it is', () => {
    const surprise = new Error('a surprise');
    const given = Object.defineProperty({ ...options() }, 'reasons', {
      get() {
        throw surprise;
      },
    });
    expect(thrownBy(() => new native.Probe(given))).toBe(surprise);
  });

  test('no value at all ends the process', () => {
    const fields = Object.keys(options()) as (keyof ReturnType<typeof options>)[];
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.anything({ withBigInt: true, withTypedArray: true, withSparseArray: true }),
        (field, value) => {
          const given = { ...options({ object: '/nowhere/x.bpf.o' }), [field]: value };
          expect(['ERR_ARGUMENT', 'ERR_OPEN']).toContain(thrownBy(() => new native.Probe(given)).code);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('methods on what is no probe throw', () => {
    const { attach, entries, close } = native.Probe.prototype;
    for (const method of [attach, entries, close]) expect(() => (method as () => void).call({})).toThrow();
    expect(() => (native.Probe as unknown as () => void)()).toThrow();
  });
});

/** Has the kernel drop a few datagrams, in a namespace of its own. */
function dropSome(): void {
  const script = 'ip link set lo up; for i in 1 2 3; do echo x > /dev/udp/127.0.0.1/9; done';
  execFileSync('unshare', ['--net', 'bash', '-c', script], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}
