import { REDACTED } from '../component/secret.ts';

/** The credentials after the scheme of an Authorization header (RFC 9110, 11.4), at any place in the text. */
const AUTHORIZATION = /\b(bearer|basic|digest|apikey|token)(\s+)\S.*$/is;

const URL_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The most characters of a value to show in a message. */
const MOST_SHOWN = 80;

/** Removes credentials from a value. Takes linear time. */
export function withoutCredentials(value: string): string {
  return withoutQuery(withoutUserInfo(value.replace(AUTHORIZATION, `$1$2${REDACTED}`)));
}

/** A value without credentials, shortened. */
export function briefly(value: string): string {
  const shown = withoutCredentials(value);
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
}

/** Removes the `user:password@` of a URL, or of a text that looks like one. A password may contain any character, also "@". */
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

/** Removes a URL's query, which may contain keys. */
function withoutQuery(value: string): string {
  const mark = URL_SCHEME.test(value) ? value.indexOf('?') : -1;
  return mark === -1 ? value : `${value.slice(0, mark)}?${REDACTED}`;
}

/** Replaces a value in a message by its form from {@link briefly}. */
export function messageWithout(message: string, value: string): string {
  const shown = briefly(value);
  if (shown === value) return message;
  const asText = (text: string) => JSON.stringify(text).slice(1, -1);
  return message.replaceAll(asText(value), () => asText(shown)).replaceAll(value, () => asText(shown));
}

const SECRET_NAME = /secret|token|passw|pwd|credential|api_?key|access_?key|private|auth|bearer|cookie|session/i;

/** Whether a variable's name suggests a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
