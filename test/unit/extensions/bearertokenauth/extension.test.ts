import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../../src/extensions/bearertokenauth/config.ts';
import { BearerTokenAuth } from '../../../../src/extensions/bearertokenauth/extension.ts';
import { bearerTokenAuthFactory } from '../../../../src/extensions/bearertokenauth/factory.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { makeSettings } from '../../../support/settings.ts';

async function start(given: object) {
  const settings = makeSettings('bearertokenauth');
  const extension = new BearerTokenAuth(settings, configSchema.parse(given));
  await extension.start();
  const { client, server } = extension.authenticator;
  return { client, server, lines: settings.lines };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Longer than the shortest time between two reads. */
const REREAD_MILLIS = 1_100;

function tokenFile(text: string): string {
  const path = join(scratchDirectory(), 'token');
  writeFileSync(path, text);
  return path;
}

describe('of a server', () => {
  test.each([
    ['the token', { token: 'abc' }, bearer('abc'), 'valid'],
    ['another token', { token: 'abc' }, bearer('abd'), 'invalid'],
    ['a beginning of the token', { token: 'abc' }, bearer('ab'), 'invalid'],
    ['more than the token', { token: 'abc' }, bearer('abcd'), 'invalid'],
    ['no token', { token: 'abc' }, bearer(''), 'invalid'],
    ['no header', { token: 'abc' }, {}, 'invalid'],
    ['no scheme', { token: 'abc' }, { authorization: 'abc' }, 'invalid'],
    ['another scheme', { token: 'abc' }, { authorization: 'Basic abc' }, 'invalid'],
    ['a scheme in small letters', { token: 'abc' }, { authorization: 'bearer  abc' }, 'valid'],
    ['the second of several tokens', { tokens: ['abc', 'def'] }, bearer('def'), 'valid'],
    ['none of several tokens', { tokens: ['abc', 'def'] }, bearer('abcdef'), 'invalid'],
    ['a scheme of its own', { token: 'abc', scheme: 'Token' }, { authorization: 'Token abc' }, 'valid'],
    ['the token alone, without a scheme', { token: 'abc', scheme: '' }, { authorization: 'abc' }, 'valid'],
    ['a header of its own', { token: 'abc', header: 'X-Token', scheme: '' }, { 'x-token': 'abc' }, 'valid'],
    ['the wrong header', { token: 'abc', header: 'X-Token' }, bearer('abc'), 'invalid'],
  ])('%s', async (_, given, headers, verdict) => {
    const { server } = await start(given);
    expect(await server.check(headers)).toBe(verdict);
  });

  test('a file has a token a line, and wins over `token`', async () => {
    const { server } = await start({ token: 'abc', filename: tokenFile('one\n\n  two \n') });
    const verdicts = await Promise.all(['one', 'two', 'abc', ''].map((token) => server.check(bearer(token))));
    expect(verdicts).toEqual(['valid', 'valid', 'invalid', 'invalid']);
  });

  test('a file that is replaced is read for the first client with the new token', async () => {
    const filename = tokenFile('old');
    const { server } = await start({ filename });
    writeFileSync(filename, 'new');
    await sleep(REREAD_MILLIS);
    expect(await server.check(bearer('new'))).toBe('valid');
    expect(await server.check(bearer('old'))).toBe('invalid');
  });

  test('a new file that can not be used is reported once, and the old token stays', async () => {
    const filename = tokenFile('old');
    const { server, lines } = await start({ filename });
    rmSync(filename);
    for (let round = 0; round < 2; round++) {
      await sleep(REREAD_MILLIS);
      expect(await server.check(bearer('new'))).toBe('invalid');
    }
    expect(await server.check(bearer('old'))).toBe('valid');
    expect(lines.map(({ msg }) => msg)).toEqual(["the file can't be read again; the tokens that were read before are used"]);
  });

  test('says what it wants', async () => {
    expect((await start({ token: 'abc' })).server.challenge).toBe('Bearer realm="dropreason"');
  });
});

describe('of a client', () => {
  test('sends the token, or the first of several', async () => {
    const { client } = await start({ tokens: ['abc', 'def'] });
    expect(await client.credentials()).toEqual({ name: 'Authorization', value: 'Bearer abc' });
    const other = await start({ token: 'abc', scheme: '', header: 'X-Token' });
    expect(await other.client.credentials()).toEqual({ name: 'X-Token', value: 'abc' });
  });

  test('reads the file again after a server has refused the token', async () => {
    const filename = tokenFile('old');
    const { client } = await start({ filename });
    writeFileSync(filename, 'new');
    await sleep(REREAD_MILLIS);
    expect((await client.credentials()).value).toBe('Bearer old');
    client.suspect();
    expect((await client.credentials()).value).toBe('Bearer new');
  });
});

describe('what is wrong', () => {
  test.each([
    [{}, 'has no token: set token, tokens or filename'],
    [{ token: '' }, 'must be printable ASCII without spaces'],
    [{ token: 'a b' }, 'must be printable ASCII without spaces'],
    [{ token: 'a', tokens: ['b'] }, 'token is given too; remove one'],
    [{ token: 'a', header: 'a b' }, 'must be the name of a header'],
  ])('%o', (given, message) => {
    expect(configSchema.safeParse(given).error?.issues.map((issue) => issue.message)).toContain(message);
  });

  test.each([
    ['is not there', '/nowhere/token', undefined, "filename: can't read /nowhere/token: ENOENT"],
    ['is empty', undefined, '\n', 'has no token'],
    ['has something else', undefined, 'good\nhunter2 with spaces\n', ':2: a token is printable ASCII without spaces'],
  ])('a file that %s', async (_, path, text, message) => {
    const filename = path ?? tokenFile(text ?? '');
    await expect(start({ filename })).rejects.toThrow(message);
    const [finding] = (await bearerTokenAuthFactory.diagnose?.('bearertokenauth', configSchema.parse({ filename }))) ?? [];
    expect(finding?.status).toBe('fail');
    expect(finding?.message).toContain(message);
    expect(finding?.message).not.toContain('hunter2');
  });
});
