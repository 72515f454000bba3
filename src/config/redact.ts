import { REDACTED } from '../component/secret.ts';

/** What follows the scheme in an Authorization header (RFC 9110, 11.4), wherever it stands. */
const AUTHORIZATION = /\b(bearer|basic|digest|apikey|token)(\s+)\S.*$/is;

const URL_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** What a message shows of a value at most. */
const MOST_SHOWN = 80;

/** A value without what is a secret wherever it stands; takes time in proportion to its length. */
export function withoutCredentials(value: string): string {
  return withoutQuery(withoutUserInfo(value.replace(AUTHORIZATION, `$1$2${REDACTED}`)));
}

/** A value without credentials, and no more of it than helps. */
export function briefly(value: string): string {
  const shown = withoutCredentials(value);
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
}

/** The `user:password@` of a URL, or of what would be one; a password may hold any character, an "@" too. */
function withoutUserInfo(value: string): string {
  const at = value.lastIndexOf('@');
  const [scheme] = URL_SCHEME.exec(value) ?? [];
  if (scheme !== undefined) return at < scheme.length ? value : `${scheme}${REDACTED}${value.slice(at)}`;
  const colon = value.indexOf(':');
  if (at === -1 || colon === -1 || colon > at) return value;
  const user = value.slice(0, colon);
  const start = Math.max(user.lastIndexOf('/'), user.lastIndexOf(' ')) + 1;
  return `${value.slice(0, start)}${REDACTED}${value.slice(at)}`;
}

/** A URL's query, where keys are given too. */
function withoutQuery(value: string): string {
  const mark = URL_SCHEME.test(value) ? value.indexOf('?') : -1;
  return mark === -1 ? value : `${value.slice(0, mark)}?${REDACTED}`;
}

/** A message about a value, with that as {@link briefly} has it. */
export function messageWithout(message: string, value: string): string {
  const shown = briefly(value);
  if (shown === value) return message;
  const asText = (text: string) => JSON.stringify(text).slice(1, -1);
  return message.replaceAll(asText(value), () => asText(shown)).replaceAll(value, () => asText(shown));
}

const SECRET_NAME = /secret|token|passw|pwd|credential|api_?key|access_?key|private|auth|bearer|cookie|session/i;

/** Whether a variable's name tells that it has a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
