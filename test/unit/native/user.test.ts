import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NOBODY } from '../../support/nobody.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { identitiesOf } from '../../support/threads.ts';
import { inProcess } from './in_process.ts';
import { native } from './probe_options.ts';

const id = (flag: string, user: string) => execFileSync('id', [flag, user], { encoding: 'utf8' }).trim().split(' ').map(Number);

function thrownBy(text: string): object | undefined {
  try {
    native.findUser(text);
    return undefined;
  } catch (error) {
    return error as object;
  }
}

describe.skipIf(whyNotHere(['setpriv']) !== undefined)('a user', () => {
  test.each(['nobody', 'daemon', 'man'])('%s has the uid, the group and the groups that id(1) says', (name) => {
    const { uid, gid, groups } = native.findUser(name);
    expect([[uid], [gid], [...groups].sort()]).toEqual([id('-u', name), id('-g', name), id('-G', name).sort()]);
    expect(native.findUser(String(uid))).toEqual({ uid, gid, groups });
  });

  test.each([
    ['12345:54321', { uid: 12345, gid: 54321 }],
    ['nobody:0', { uid: 65534, gid: 0 }],
    ['65534:daemon', { uid: 65534, gid: 1 }],
    ['4294967294:4294967294', { uid: 4294967294, gid: 4294967294 }],
  ])('%s is of that group alone', (text, expected) => {
    expect(native.findUser(text)).toEqual({ ...expected, groups: [] });
  });

  test.each([
    ['no-such-user', 'there is no user no-such-user: give the name of an existing one, or uid:gid'],
    ['', 'there is no user : give the name of an existing one, or uid:gid'],
    ['4294967295:1', 'there is no user 4294967295: give the name of an existing one, or uid:gid'],
    ['-1:1', 'there is no user -1: give the name of an existing one, or uid:gid'],
    ['nobody:no-such-group', 'there is no group no-such-group: give the name of an existing one, or a number'],
    ['12345', 'uid 12345 has no entry in /etc/passwd: add its group, as 12345:GID'],
    ['root', 'root owns most files even without capabilities: use another user'],
    ['0:65534', 'root owns most files even without capabilities: use another user'],
  ])('"%s" is refused in a sentence', (text, message) => {
    expect(thrownBy(text)).toMatchObject({ code: 'ERR_USER', errno: '', message });
  });

  test('is what every thread becomes, workers and those made later included, and no way leads back', () => {
    const result = inProcess<{ after: object[]; later: object[]; back: string[] }>(`
      import { identitiesOf } from './test/support/threads.ts';
      const { pbkdf2 } = await import('node:crypto');
      const { Worker } = await import('node:worker_threads');
      const wait = () => new Promise((resolve, reject) => {
        const source = "process.getBuiltinModule('node:worker_threads').parentPort.on('message', () => process.exit()).postMessage('here')";
        const worker = new Worker(source, { eval: true }).once('error', reject).once('message', () => resolve(worker));
      });
      const hashes = () => Promise.all(['a', 'b', 'c', 'd', 'e'].map((each) =>
        new Promise((resolve) => pbkdf2(each, 'salt', 50_000, 64, 'sha512', resolve))));
      const workers = [await wait()];
      await hashes();
      native.dropCapabilities({ uid: 12345, gid: 54321, groups: [7, 54321] });
      const after = identitiesOf();
      workers.push(await wait());
      await hashes();
      const tries = { setuid: [0], setgid: [0], setgroups: [[0]] };
      const back = Object.entries(tries).map(([name, args]) => {
        try { process[name](...args); return name; } catch (error) { return error.code; }
      });
      result = { after, later: identitiesOf(), back };
      for (const worker of workers) worker.postMessage('');
    `);
    const became = { Uid: '12345 12345 12345 12345', Gid: '54321 54321 54321 54321', Groups: '7 54321' };
    expect(result.after.length).toBeGreaterThan(8);
    expect(result.after).toEqual(result.after.map(() => became));
    expect(result.later.length).toBeGreaterThan(8);
    expect(result.later).toEqual(result.later.map(() => became));
    expect(result.back).toEqual(['EPERM', 'EPERM', 'EPERM']);
  });

  test('is become once, though a thread is asked to do so again', () => {
    const again = inProcess<object[]>(`
      import { identitiesOf } from './test/support/threads.ts';
      const user = { uid: 12345, gid: 54321, groups: [54321] };
      native.dropCapabilities(user);
      native.dropCapabilities(user);
      result = identitiesOf();
    `);
    expect(again).toEqual(again.map(() => ({ Uid: '12345 12345 12345 12345', Gid: '54321 54321 54321 54321', Groups: '54321' })));
  });

  test('is not become without CAP_SETUID, said with the errno', () => {
    const held = '+bpf,+perfmon';
    const thrown = inProcess<object>(
      `try { native.dropCapabilities({ uid: 12345, gid: 54321, groups: [] }); } catch ({ code, errno, message }) { result = { code, errno, message }; }`,
      [...NOBODY, `--inh-caps=${held}`, `--ambient-caps=${held}`],
    );
    expect(thrown).toMatchObject({
      code: 'ERR_CAPABILITIES',
      errno: 'EPERM',
      message: expect.stringContaining("can't become uid 12345"),
    });
  });

  test.each([[null], ['nobody'], [{}], [{ uid: 1, gid: 1 }], [{ uid: 1, gid: 1, groups: ['x'] }]])(
    'dropCapabilities(%j)',
    (given) => {
      expect(() => native.dropCapabilities(given as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
      expect(readFileSync('/proc/self/status', 'utf8')).not.toMatch(/^CapEff:\s0{16}$/m);
      expect(identitiesOf()[0]).toMatchObject({ Uid: '0 0 0 0' });
    },
  );
});
