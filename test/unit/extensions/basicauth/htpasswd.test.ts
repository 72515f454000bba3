import { expect, test } from 'vitest';
import { htpasswdMistake, readHtpasswd } from '../../../../src/extensions/basicauth/htpasswd.ts';

const BCRYPT = `$2y$05$${'a'.repeat(53)}`;
const SHA = `{SHA}${'a'.repeat(27)}=`;

test('has users with hashes, and comments', () => {
  const text = `# scrapes\n\nprometheus:${BCRYPT}\r\nother:${SHA}\n`;
  expect(htpasswdMistake(text)).toBeUndefined();
  expect([...readHtpasswd(text)]).toEqual([
    ['prometheus', { bcrypt: BCRYPT }],
    ['other', { sha1: SHA.slice('{SHA}'.length) }],
  ]);
});

test('a later line of a user counts', () => {
  const [, { bcrypt }] = [...readHtpasswd(`a:${SHA}\na:${BCRYPT}`)][0] as [string, { bcrypt: string }];
  expect(bcrypt).toBe(BCRYPT);
});

test.each([
  ['nothing', '\n# only this\n', 'has no users'],
  ['no colon', `a:${SHA}\nhunter2`, 'line 2: must be USER:HASH'],
  ['no user', `:${SHA}`, 'line 1: must be USER:HASH'],
  ['no hash', 'a:', 'line 1: must be USER:HASH'],
  ['plain text', 'a:hunter2', 'line 1: the password must be hashed by bcrypt: write the line with `htpasswd -B`'],
  [
    "Apache's MD5",
    '\na:$apr1$hunter2$hunter2',
    'line 2: the password must be hashed by bcrypt: write the line with `htpasswd -B`',
  ],
  ['half a hash', `a:${BCRYPT.slice(0, -1)}`, 'line 1: the password must be hashed by bcrypt: write the line with `htpasswd -B`'],
  ['a high cost', `a:${BCRYPT.replace('05', '31')}`, 'line 1: a cost of 31 takes too long; at most 15'],
])('%s is a mistake, which does not show the line', (_, text, mistake) => {
  expect(htpasswdMistake(text)).toBe(mistake);
});
