/**
 * Characters that a terminal executes or an editor hides: control characters (ESC of ANSI and OSC sequences, DEL, C1), line breaks of
 * every kind, marks that change the text direction, zero-width characters, halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSEEN_BUT_NEWLINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes text from outside (names of interfaces, pods and files, server responses, configuration values) safe to show on one line:
 * invisible characters are escaped as in JSON, `\u001b`. All text for people goes through here or through {@link visibleLines}.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, inJson);
}

/** The same for our own text, but keeps its line breaks. JSON stays equivalent. */
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
