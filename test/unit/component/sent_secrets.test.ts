import { describe, expect, test } from 'vitest';
import { SentSecrets } from '../../../src/component/sent_secrets.ts';
import { serverMessage } from '../../../src/component/server_message.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('what a server repeats of the secrets that it was sent', () => {
  test.each([
    ['a header as it was', ['hunter2-key'], '', 'no such key: hunter2-key', 'no such key: [REDACTED]'],
    ['a token without its scheme', [], 'Bearer hunter2-token', 'token hunter2-token is over', 'token [REDACTED] is over'],
    ['with its scheme', [], 'Bearer hunter2-token', 'got Bearer hunter2-token', 'got [REDACTED]'],
    [
      'the password of a login',
      [],
      basic('agent:hunter2:x'),
      'wrong password hunter2:x of agent',
      'wrong password [REDACTED] of agent',
    ],
    ['several times', ['hunter2-key'], '', 'hunter2-key, hunter2-key', '[REDACTED], [REDACTED]'],
    ['nothing', ['hunter2-key'], 'Bearer hunter2-token', 'the quota is used up', 'the quota is used up'],
    ['a header too short to be a secret', ['1'], '', 'try again in 1 s', 'try again in 1 s'],
  ])('%s', (_, headers, login, said, shown) => {
    const secrets = new SentSecrets(headers);
    secrets.login = login;
    expect(secrets.hideIn(said)).toBe(shown);
  });

  test('a login that was replaced is no longer hidden, the new one is', () => {
    const secrets = new SentSecrets([]);
    secrets.login = 'Bearer hunter1-token';
    secrets.login = 'Bearer hunter2-token';
    expect(secrets.hideIn('hunter2-token')).toBe('[REDACTED]');
  });

  test.each([
    ['a text', (said: string) => said],
    ['a Status object', (said: string) => JSON.stringify({ message: said })],
  ])('a token that the end of the message would cut: %s', (_, write) => {
    const token = `hunter2.${'x'.repeat(900)}`;
    const message = serverMessage(write(`${'-'.repeat(150)} ${token}`), new SentSecrets([`Bearer ${token}`]));
    expect(message).toBe(`${'-'.repeat(150)} [REDACTED]`);
  });
});
