import type { IncomingHttpHeaders } from 'node:http';
import type { ClientAuthenticator, ServerAuthenticator, Verdict } from '../../component/authenticator.ts';
import type { Extension } from '../../component/component.ts';
import { CREDENTIAL_TIMES } from '../../component/credential_times.ts';
import { equalsAny } from '../../component/equal_secrets.ts';
import type { Settings } from '../../component/factory.ts';
import { Outage } from '../../component/outage.ts';
import { Reread } from '../../component/reread.ts';
import type { BearerTokenAuthConfig } from './config.ts';
import { readTokens, type Tokens } from './tokens.ts';

/** Sends a token with what exporters push, and checks that of those who scrape. */
export class BearerTokenAuth implements Extension {
  readonly #config: BearerTokenAuthConfig;
  readonly #outage: Outage;
  /** Undefined before the start. */
  #tokens: Reread<Tokens> | undefined;
  readonly authenticator: { readonly client: ClientAuthenticator; readonly server: ServerAuthenticator };

  constructor({ logger }: Pick<Settings, 'logger'>, config: BearerTokenAuthConfig) {
    this.#config = config;
    this.#outage = new Outage(logger, {
      began: "the file can't be read again; the tokens that were read before are used",
      ended: 'the file can be read again',
    });
    this.authenticator = {
      client: { credentials: () => this.#credentials(), suspect: () => this.#tokens?.suspect() },
      server: {
        check: (headers) => this.#check(headers),
        challenge: `${config.scheme === '' ? 'Bearer' : config.scheme} realm="dropreason"`,
      },
    };
  }

  async start(): Promise<void> {
    this.#tokens = await Reread.of({ read: () => readTokens(this.#config), ...CREDENTIAL_TIMES, outage: this.#outage });
  }

  async shutdown(): Promise<void> {}

  async #credentials(): Promise<{ name: string; value: string }> {
    const { header, scheme } = this.#config;
    await this.#tokens?.refresh();
    return { name: header, value: `${scheme} ${this.#tokens?.value.first ?? ''}`.trim() };
  }

  async #check(headers: IncomingHttpHeaders): Promise<Verdict> {
    const token = this.#tokenIn(headers);
    const tokens = this.#tokens;
    if (token === undefined || tokens === undefined) return 'invalid';
    await tokens.refresh();
    if (equalsAny(token, tokens.value.digests)) return 'valid';
    // The client may have the file's new token already.
    tokens.suspect();
    await tokens.refresh();
    return equalsAny(token, tokens.value.digests) ? 'valid' : 'invalid';
  }

  /** A scheme is case-insensitive (RFC 9110, 11.1). */
  #tokenIn(headers: IncomingHttpHeaders): string | undefined {
    const { header, scheme } = this.#config;
    const value = headers[header.toLowerCase()];
    if (typeof value !== 'string') return undefined;
    if (scheme === '') return value;
    const start = `${scheme} `;
    return value.slice(0, start.length).toLowerCase() === start.toLowerCase() ? value.slice(start.length).trim() : undefined;
  }
}
