import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Probe } from '../../../native/index.js';
import { mountBpf, unmountBpf } from '../../support/bpf_mount.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { group, native, options, program, ROOT, thrownBy } from './probe_options.ts';

const why = whyNotHere(['mount', 'bpftool']);
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const FIRST = { fingerprint: 'first', startTimeMillis: 1_700_000_000_000 };
let mounted = '';
const opened: Probe[] = [];

/** A directory that isn't there yet, in a BPF file system of the test's own. */
const directory = () => join(mounted, 'somewhere', 'deeper');

function open(pin: object = FIRST, more: object = {}): Probe {
  const probe = new native.Probe(options({ ...more, pin: { directory: directory(), ...pin } }));
  opened.push(probe);
  return probe;
}

const total = ({ counters }: Probe) => counters.reduce((all, each) => all + each, 0n);

/** Has the kernel drop a few datagrams, in a namespace of its own. */
function dropSome(): void {
  const script = 'ip link set lo up; for i in 1 2 3; do echo x > /dev/udp/127.0.0.1/9; done';
  execFileSync('unshare', ['--net', 'bash', '-c', script], { env: ENV });
}

/** Another program's map. */
function pinForeign(path: string, name: string): void {
  execFileSync('bpftool', ['map', 'create', path, 'type', 'array', 'key', '4', 'value', '4', 'entries', '1', 'name', name], {
    env: ENV,
  });
}

beforeAll(() => {
  if (why !== undefined) return;
  mounted = mountBpf();
});

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
  if (why === undefined) native.unpin(directory());
});

afterAll(() => {
  if (why !== undefined) return;
  unmountBpf(mounted);
});

describe.skipIf(why !== undefined)('what is pinned', () => {
  const counting = { reasons: native.layout.maxReasons };

  test('goes on counting with nobody there, and is taken over with all it has', () => {
    const first = open(FIRST, counting);
    expect(first.origin).toBe('new');
    first.attach(group(program()));
    dropSome();
    first.close();
    dropSome();
    const second = open({ ...FIRST, startTimeMillis: 1_800_000_000_000 }, counting);
    expect(second.origin).toBe('taken_over');
    expect(second.startTimeMillis).toBe(FIRST.startTimeMillis);
    expect(second.attached).toEqual(group(program()));
    expect(second.statistics()).toMatchObject([{ program: program() }]);
    const before = total(second);
    expect(before).toBeGreaterThan(0n);
    second.attach(group(program())); // is attached already
    dropSome();
    expect(total(second)).toBeGreaterThan(before);
  });

  test('leaves no descriptor of this process when it is closed, as at each reload', () => {
    const all = group(program(), 'inet_sock_set_state', 'inet_sock_set_state_again', 'sys_exit');
    const use = (fingerprint: string) => {
      const probe = open({ ...FIRST, fingerprint });
      probe.attach(all);
      probe.close();
    };
    use('first');
    const before = readdirSync('/proc/self/fd').length;
    for (let reload = 0; reload < 5; reload++) {
      use('first'); // taken over
      use(`changed ${reload}`); // made anew
      use('first');
    }
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  test('takes what was not attached before besides', () => {
    open().attach(group(program()));
    opened.splice(0).forEach((probe) => {
      probe.close();
    });
    const second = open();
    second.attach(group(program(), 'inet_sock_set_state'));
    expect(second.attached).toEqual(group(program(), 'inet_sock_set_state'));
  });

  test('of another fingerprint is removed, and counting begins anew', () => {
    const first = open(FIRST, counting);
    first.attach(group(program()));
    dropSome();
    first.close();
    const second = open({ fingerprint: 'second', startTimeMillis: 1_800_000_000_000 });
    expect(second.origin).toBe('replaced');
    expect(second.startTimeMillis).toBe(1_800_000_000_000);
    expect(second.attached).toEqual([]);
    expect(total(second)).toBe(0n);
  });

  test('by a process that was killed before it had pinned all is no use', () => {
    open().close();
    // As if it had been killed before the identity was written, which comes last.
    rmSync(join(directory(), 'dropreason_identity'));
    const second = open();
    expect(second.origin).toBe('replaced');
    expect(readdirSync(directory())).toContain('dropreason_identity');
  });

  test.each([
    ['a map', 'dropreason_unlisted_even'],
    ['a program', `program_${program()}`],
    ['a link', `link_${program()}`],
  ])('that lacks %s is replaced, and counting begins anew', (_, missing) => {
    const first = open(FIRST, counting);
    first.attach(group(program()));
    dropSome();
    first.close();
    rmSync(join(directory(), missing));
    const second = open({ ...FIRST, startTimeMillis: 1_800_000_000_000 }, counting);
    expect(second).toMatchObject({ origin: 'incomplete', missing, startTimeMillis: 1_800_000_000_000, attached: [] });
    expect(total(second)).toBe(0n);
    second.attach(group(program()));
    dropSome();
    expect(total(second)).toBeGreaterThan(0n);
    second.close();
    expect(open(FIRST, counting)).toMatchObject({ origin: 'taken_over', missing: '' });
  });

  describe('beside what another program has pinned is refused, and all of it stays:', () => {
    test.each([
      ['a map', 'cilium_calls', 'cilium_calls'],
      ['a map with a name like ours', 'dropreason_metrics', 'theirs'],
      ['a map with the name of a program of ours', `program_${program()}`, program()],
      ['a map with the name of a link of ours', `link_${program()}`, program()],
    ])('%s', (_, pin, name) => {
      open().close();
      native.unpin(directory());
      mkdirSync(directory());
      pinForeign(join(directory(), pin), name.slice(0, 15));
      try {
        const message = expect.stringContaining(`${join(directory(), pin)} doesn't belong to dropreason`);
        expect(thrownBy(() => open())).toMatchObject({ code: 'ERR_PIN', errno: '', message });
        expect(thrownBy(() => native.unpin(directory()))).toMatchObject({ code: 'ERR_PIN', errno: '', message });
        expect(readdirSync(directory())).toEqual([pin]);
      } finally {
        rmSync(join(directory(), pin));
      }
    });

    test('a directory, also where our own pins are', () => {
      open().close();
      const pinned = readdirSync(directory()).sort();
      mkdirSync(join(directory(), 'theirs'));
      expect(thrownBy(() => open({ ...FIRST, fingerprint: 'second' })).code).toBe('ERR_PIN');
      expect(thrownBy(() => native.unpin(directory())).code).toBe('ERR_PIN');
      expect(readdirSync(directory()).sort()).toEqual([...pinned, 'theirs'].sort());
      rmdirSync(join(directory(), 'theirs'));
      expect(open().origin).toBe('taken_over');
    });

    test('the link and the program of another one', () => {
      const first = open();
      first.attach(group(program()));
      first.close();
      // As if it were called so by somebody else: the kernel knows it by another name.
      for (const kind of ['link', 'program']) {
        renameSync(join(directory(), `${kind}_${program()}`), join(directory(), `${kind}_theirs`));
        expect(thrownBy(() => open()).message).toContain(`${kind}_theirs doesn't belong to dropreason`);
        renameSync(join(directory(), `${kind}_theirs`), join(directory(), `${kind}_${program()}`));
      }
      expect(open().attached).toEqual(group(program()));
    });
  });

  test('has one user at a time', () => {
    open();
    expect(thrownBy(() => open())).toMatchObject({ code: 'ERR_LOCKED', message: expect.stringContaining(directory()) });
    expect(thrownBy(() => native.unpin(directory()))).toMatchObject({ code: 'ERR_LOCKED' });
  });

  test('is free again when its user is killed', async () => {
    const script = `
      import { native, options } from './test/unit/native/probe_options.ts';
      globalThis.probe = new native.Probe(options({ pin: ${JSON.stringify({ ...FIRST, directory: directory() })} }));
      console.log('pinned');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(thrownBy(() => open()).code).toBe('ERR_LOCKED');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(open().origin).toBe('taken_over');
  });

  test('is named and removed by unpin, directory and all', () => {
    const first = open();
    first.attach(group(program()));
    first.close();
    expect(native.unpin(directory())).toEqual(
      expect.arrayContaining(['dropreason_metrics', 'dropreason_identity', `link_${program()}`, `program_${program()}`]),
    );
    expect(() => readdirSync(directory())).toThrow(/ENOENT/);
    expect(native.unpin(directory())).toEqual([]);
  });

  test('a group that fails leaves no pin', () => {
    const probe = open();
    expect(
      thrownBy(() => probe.attach([...group(program()), { program: 'connect_kretprobe', target: 'no_such_function' }])),
    ).toMatchObject({
      code: 'ERR_ATTACH',
    });
    expect(readdirSync(directory()).filter((name) => /^(link|program)_/.test(name))).toEqual([]);
    expect(probe.attached).toEqual([]);
  });
});

describe('nothing can be pinned', () => {
  test.skipIf(why !== undefined)('outside a BPF file system, and it says how to have one', () => {
    const error = thrownBy(() => open({ ...FIRST, directory: join(tmpdir(), 'no-bpf-here') }));
    expect(error).toMatchObject({ code: 'ERR_PIN', message: expect.stringContaining('mount -t bpf') });
  });
});
