import { REDACTED } from './secret.ts';

/** Shorter values are no secrets, and would garble texts that contain them by chance. */
const LEAST_LENGTH = 6;

/** The secrets that a client sends as headers. A server may repeat them in an error, and errors are logged. */
export class SentSecrets {
  readonly #ofHeaders: readonly string[];
  #ofLogin: readonly string[] = [];

  constructor(headers: readonly string[]) {
    this.#ofHeaders = headers.flatMap(secretsIn);
  }

  /** The value of the header that the next request logs in with. */
  set login(header: string) {
    this.#ofLogin = secretsIn(header);
  }

  /** A text of the server, before anything is cut off it: half a token would not be found. */
  hideIn(text: string): string {
    return [...this.#ofHeaders, ...this.#ofLogin].reduce((left, secret) => left.replaceAll(secret, REDACTED), text);
  }
}

/** The value, its part after a scheme such as `Bearer`, and the password in that of `Basic`; the longest first. */
function secretsIn(header: string): string[] {
  const [, credentials = ''] = /^\S+\s+(\S.*)$/.exec(header) ?? [];
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return [header, credentials, password].filter(({ length }) => length >= LEAST_LENGTH);
}
