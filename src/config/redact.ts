/** What stands in the place of a secret. */
export const REDACTED = '[REDACTED]';

/** The password of `user:password@host`, with a scheme before it or not, and what follows `Bearer` and the like (RFC 9110, 11.1). */
const CREDENTIALS =
  /\b(bearer|basic|apikey|token)(\s+)[^\s"',]+|([a-z][a-z0-9+.-]*:\/\/)[^\s"]*@|[^\s"':@/]+:[^\s"]*@(?=[\w[])/gi;

/** `text` without what is a secret wherever it stands. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, (_, word?: string, space?: string, scheme?: string) => {
    return word === undefined ? `${scheme ?? ''}${REDACTED}@` : `${word}${space}${REDACTED}`;
  });
}

const SECRET_NAME = /secret|token|passw|pwd|credential|api_?key|access_?key|private|auth|bearer|cookie|session/i;

/** Whether a variable's name tells that it has a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
