import { REDACTED } from '../component/secret.ts';

/** The `user:password@` of a URL, or of what would be one. */
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s]*@|[^\s:@/]+:[^\s]*@(?=[\w[])/gi;

/** What follows the scheme in an Authorization header (RFC 9110, 11.4). */
const AUTHORIZATION = /^(bearer|basic|digest|apikey|token)(\s+)\S.*$/i;

/** A value without what is a secret wherever it stands. */
export function withoutCredentials(value: string): string {
  return value.replace(AUTHORIZATION, `$1$2${REDACTED}`).replaceAll(USER_INFO, (_, scheme = '') => `${scheme}${REDACTED}@`);
}

/** A message whose values, which are those in quotes, are without credentials. */
export function withoutQuotedCredentials(message: string): string {
  return message.replaceAll(
    /"((?:[^"\\]|\\.)*)("|$|…)/g,
    (_, value: string, end: string) => `"${withoutCredentials(value)}${end}`,
  );
}

const SECRET_NAME = /secret|token|passw|pwd|credential|api_?key|access_?key|private|auth|bearer|cookie|session/i;

/** Whether a variable's name tells that it has a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
