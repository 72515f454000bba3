import type { SentSecrets } from './sent_secrets.ts';

/**
 * What a server says in the body of an error: the message of a Status object in JSON, else the beginning of the text on one line.
 * Without what it repeats of `secrets`.
 */
export function serverMessage(text: string, secrets: Pick<SentSecrets, 'hideIn'>): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return secrets.hideIn(message).slice(0, 1000);
  } catch {
    // Not JSON; possibly a proxy's page.
  }
  return secrets.hideIn(text).replace(/\s+/g, ' ').trim().slice(0, 200);
}
