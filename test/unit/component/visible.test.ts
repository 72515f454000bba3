import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible, visibleLines } from '../../../src/component/visible.ts';
import { hostileText, UNSEEN } from '../../support/hostile_text.ts';

test.each([
  ['eth0 \u001b[2J\u0007', 'eth0 \\u001b[2J\\u0007'],
  ['\u001b]8;;http://example\u001b\\here', '\\u001b]8;;http://example\\u001b\\here'],
  ['a\u007fb\u009b31m', 'a\\u007fb\\u009b31m'],
  ['user\u202egpj.exe\u2066\u200b', 'user\\u202egpj.exe\\u2066\\u200b'],
  ['one\r\ntwo\tthree\u2028four', 'one\\r\\ntwo\\tthree\\u2028four'],
  ['\ud800 \u{e0001}', '\\ud800 \\udb40\\udc01'],
])('%j is shown as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('what can be seen stays as it is, in any script', () => {
  for (const text of ['eth0.100@bond-1 C:\\new', 'größer ≤ 5 µs', '漢字 कार्यालय עברית', '🚀']) expect(visible(text)).toBe(text);
});

test('lines of our own stay lines', () => {
  expect(visibleLines('one\n  two\u001b\n')).toBe('one\n  two\\u001b\n');
});

test('nothing unseen is left, and JSON stays the same JSON', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(visible(text)).not.toMatch(UNSEEN);
      expect(visibleLines(text).replaceAll('\n', '')).not.toMatch(UNSEEN);
      expect(JSON.parse(visibleLines(JSON.stringify({ [text]: text })))).toEqual({ [text]: text });
    }),
  );
});
