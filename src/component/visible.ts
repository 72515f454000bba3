/**
 * What a terminal obeys, or an editor hides, instead of showing it: control characters (ESC of ANSI and OSC sequences, DEL, C1),
 * line breaks of every sort, marks that turn the direction of text round, zero-width characters, halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSEEN_BUT_NEWLINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside (names of interfaces, pods and files, what servers answer, values of a configuration) as a person may see it, on
 * one line: what can't be seen is written as in JSON, `\u001b`. Whoever writes for people passes everything through here, or
 * through {@link visibleLines}.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, inJson);
}

/** The same for text of our own with line breaks, which stay. JSON remains the same JSON. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN_BUT_NEWLINES, inJson);
}

function inJson(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  let escaped = '';
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return escaped;
}
