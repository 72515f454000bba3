/** What stands in the place of a secret. */
export const REDACTED = '[REDACTED]';

/** `text` without the `user:password@` of its URLs, which is a secret wherever it stands. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, `$1${REDACTED}@`);
}
