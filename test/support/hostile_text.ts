import fc from 'fast-check';

/** Characters that a line for people must not contain: C0, DEL, C1, and invisible or direction-changing ones. Independent of the code's list. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for these characters
export const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const TRICKS = [
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u007f',
  '\u0000',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u2028',
  '\r',
  '\r\n',
  '\n',
  '\t',
  '\n2026-01-31T12:00:00.000Z  info   all is well',
  '\ud800',
];

/** Names and messages chosen to control a terminal or mislead a reader. */
export const hostileText = fc
  .array(
    fc.oneof(fc.constantFrom(...TRICKS), fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('eth0', 'pod ', '"')),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));
