import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashSync } from 'bcryptjs';
import { afterEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../../../src/extensions/basicauth/config.ts';
import { BasicAuth } from '../../../../src/extensions/basicauth/extension.ts';
import { basicAuthFactory } from '../../../../src/extensions/basicauth/factory.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { makeSettings } from '../../../support/settings.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(given: object) {
  const extension = new BasicAuth(makeSettings('basicauth'), configSchema.parse(given));
  ends.push(() => extension.shutdown());
  await extension.start();
  return extension.authenticator;
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const bcrypt = (password: string, cost = 4) => hashSync(password, cost).replace('$2b$', '$2y$');
const sha = (password: string) => `{SHA}${createHash('sha1').update(password).digest('base64')}`;

const REREAD_MILLIS = 1_100;

function fileOf(text: string): string {
  const path = join(scratchDirectory(), 'file');
  writeFileSync(path, text);
  return path;
}

describe('of a server', () => {
  const inline = [`one:${bcrypt('first')}`, `two:${sha('second')}`, `three:${bcrypt('a:b:ü')}`].join('\n');

  test.each([
    ['one', 'first', 'valid'],
    ['two', 'second', 'valid'],
    ['three', 'a:b:ü', 'valid'],
    ['one', 'second', 'invalid'],
    ['two', 'first', 'invalid'],
    ['one', '', 'invalid'],
    ['ONE', 'first', 'invalid'],
    ['four', 'first', 'invalid'],
    ['', '', 'invalid'],
  ])('%s with password %j is %s, each time', async (user, password, verdict) => {
    const { server } = await start({ htpasswd: { inline } });
    for (let nth = 0; nth < 2; nth++) expect(await server.check(basic(user, password))).toBe(verdict);
  });

  test.each(['', 'Basic', 'Basic ', 'Basic !', `Basic ${Buffer.from('one').toString('base64')}`, 'Bearer b25lOmZpcnN0'])(
    '%j is invalid',
    async (authorization) => {
      const { server } = await start({ htpasswd: { inline } });
      expect(await server.check({ authorization })).toBe('invalid');
    },
  );

  test('a password that was right costs no bcrypt again, until its hash is another', async () => {
    const file = fileOf(`one:${bcrypt('first', 12)}`);
    const { server } = await start({ htpasswd: { file } });
    const timed = async (password: string) => {
      const began = process.cpuUsage();
      const verdict = await server.check(basic('one', password));
      return { verdict, micros: process.cpuUsage(began).user };
    };
    const first = await timed('first');
    expect(first.verdict).toBe('valid');
    for (let nth = 0; nth < 10; nth++) {
      const again = await timed('first');
      expect(again.verdict).toBe('valid');
      expect(again.micros).toBeLessThan(first.micros / 5);
    }
    writeFileSync(file, `one:${bcrypt('changed')}`);
    await sleep(REREAD_MILLIS);
    // With a wrong password, the file is read.
    expect(await server.check(basic('one', 'changed'))).toBe('valid');
    expect(await server.check(basic('one', 'first'))).toBe('invalid');
  });

  test('nor does one that was wrong', async () => {
    const { server } = await start({ htpasswd: { inline: `one:${bcrypt('first', 12)}` } });
    expect(await server.check(basic('one', 'wrong'))).toBe('invalid');
    const began = process.cpuUsage();
    // Further bcrypts would wait for one another, and nine times as long.
    for (let nth = 0; nth < 20; nth++) expect(await server.check(basic('one', 'wrong'))).toBe('invalid');
    expect(process.cpuUsage(began).user).toBeLessThan(300_000);
    expect(await server.check(basic('one', 'first'))).toBe('valid');
  });

  test('does not hold up the event loop', async () => {
    const { server } = await start({ htpasswd: { inline: `one:${bcrypt('first', 13)}` } });
    let turns = 0;
    const counting = setInterval(() => turns++, 5);
    const began = performance.now();
    expect(await server.check(basic('one', 'first'))).toBe('valid');
    clearInterval(counting);
    // On this thread it would be a handful.
    expect(turns).toBeGreaterThan((performance.now() - began) / 50);
  });

  test('of many wrong passwords at once, most are not even checked', async () => {
    const { server } = await start({ htpasswd: { inline } });
    const verdicts = await Promise.all(Array.from({ length: 50 }, (_, nth) => server.check(basic('one', `guess ${nth}`))));
    expect(verdicts.filter((verdict) => verdict === 'invalid')).toHaveLength(8);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(42);
    expect(await server.check(basic('one', 'first'))).toBe('valid');
  });

  test('users of `inline` win over those of the file', async () => {
    const file = fileOf(`one:${sha('of the file')}\ntwo:${sha('second')}`);
    const { server } = await start({ htpasswd: { file, inline: `one:${sha('inline')}` } });
    const verdicts = [];
    for (const [user, password] of [
      ['one', 'inline'],
      ['one', 'of the file'],
      ['two', 'second'],
    ] as const) {
      verdicts.push(await server.check(basic(user, password)));
    }
    expect(verdicts).toEqual(['valid', 'invalid', 'valid']);
  });
});

describe('of a client', () => {
  test('logs in with a name and a password', async () => {
    const { client } = await start({ client_auth: { username: 'me', password: 'hunter:2' } });
    const { authorization: value } = basic('me', 'hunter:2');
    expect(await client.credentials()).toEqual({ name: 'Authorization', value });
  });

  test('reads files again after a server has refused them', async () => {
    const [username_file, password_file] = [fileOf('me\n'), fileOf('old\n')];
    const { client } = await start({ client_auth: { username_file, password_file } });
    expect((await client.credentials()).value).toBe(basic('me', 'old').authorization);
    writeFileSync(password_file, 'new');
    await sleep(REREAD_MILLIS);
    client.suspect();
    expect((await client.credentials()).value).toBe(basic('me', 'new').authorization);
  });
});

describe('what is wrong', () => {
  test.each([
    [{}, 'needs either htpasswd, for an endpoint, or client_auth, for an exporter'],
    [
      { htpasswd: { inline: `a:${sha('b')}` }, client_auth: { username: 'a', password: 'b' } },
      'needs either htpasswd, for an endpoint, or client_auth, for an exporter',
    ],
    [{ htpasswd: {} }, 'has no users: set file or inline'],
    [{ htpasswd: { inline: 'a:hunter2' } }, 'line 1: the password must be hashed by bcrypt: write the line with `htpasswd -B`'],
    [{ client_auth: { password: 'b' } }, 'is required, or username_file'],
    [{ client_auth: { username: 'a' } }, 'is required, or password_file'],
    [{ client_auth: { username: 'a:b', password: 'b' } }, 'must have no ":" and no control characters'],
  ])('%o', (given, message) => {
    expect(configSchema.safeParse(given).error?.issues.map((issue) => issue.message)).toContain(message);
  });

  test.each([
    [{ htpasswd: { file: '/nowhere/htpasswd' } }, "htpasswd::file: can't read /nowhere/htpasswd: ENOENT"],
    [
      { client_auth: { username: 'a', password_file: '/nowhere/p' } },
      "client_auth::password_file: can't read /nowhere/p: ENOENT",
    ],
  ])('%o, which only the start can see', async (given, message) => {
    await expect(start(given)).rejects.toThrow(message);
    expect(await basicAuthFactory.diagnose?.('basicauth', configSchema.parse(given))).toEqual([
      { subject: 'extension basicauth', status: 'fail', message },
    ]);
  });

  test('in a file is reported with its line, and without what it has', async () => {
    const file = fileOf('# users\na:hunter2\n');
    const failed = start({ htpasswd: { file } });
    await expect(failed).rejects.toThrow(`htpasswd::file: ${file}: line 2: the password must be hashed by bcrypt`);
    await expect(failed).rejects.not.toThrow('hunter2');
  });
});
