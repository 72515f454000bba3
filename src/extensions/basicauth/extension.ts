import type { IncomingHttpHeaders } from 'node:http';
import type { ClientAuthenticator, ServerAuthenticator, Verdict } from '../../component/authenticator.ts';
import type { Extension } from '../../component/component.ts';
import { CREDENTIAL_TIMES } from '../../component/credential_times.ts';
import type { Settings } from '../../component/factory.ts';
import { Outage } from '../../component/outage.ts';
import { Reread } from '../../component/reread.ts';
import type { BasicAuthConfig } from './config.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { Passwords } from './passwords.ts';

/** Logs in with a name and a password (RFC 7617) for what exporters push, or checks those of who scrapes. */
export class BasicAuth implements Extension {
  readonly #config: BasicAuthConfig;
  readonly #outage: Outage;
  readonly #passwords = new Passwords();
  /** Undefined before the start. */
  #credentials: Reread<Credentials> | undefined;
  readonly authenticator: { readonly client: ClientAuthenticator; readonly server: ServerAuthenticator };

  constructor({ logger }: Pick<Settings, 'logger'>, config: BasicAuthConfig) {
    this.#config = config;
    this.#outage = new Outage(logger, {
      began: "the files can't be read again; the credentials that were read before are used",
      ended: 'the files can be read again',
    });
    this.authenticator = {
      client: { credentials: () => this.#header(), suspect: () => this.#credentials?.suspect() },
      server: { check: (headers) => this.#check(headers), challenge: 'Basic realm="dropreason", charset="UTF-8"' },
    };
  }

  async start(): Promise<void> {
    const read = () => readCredentials(this.#config);
    this.#credentials = await Reread.of({ read, ...CREDENTIAL_TIMES, outage: this.#outage });
  }

  async shutdown(): Promise<void> {
    await this.#passwords.stop();
  }

  async #header(): Promise<{ name: string; value: string }> {
    await this.#credentials?.refresh();
    return { name: 'Authorization', value: this.#credentials?.value.authorization ?? '' };
  }

  async #check({ authorization = '' }: IncomingHttpHeaders): Promise<Verdict> {
    const credentials = this.#credentials;
    const given = parse(authorization);
    if (given === undefined || credentials === undefined) return 'invalid';
    await credentials.refresh();
    const { value: before } = credentials;
    const verdict = await this.#passwords.check(before.users, given.user, given.password);
    if (verdict !== 'invalid') return verdict;
    // The client may have a password of the file's new content already.
    credentials.suspect();
    await credentials.refresh();
    const { value: after } = credentials;
    return after === before ? 'invalid' : this.#passwords.check(after.users, given.user, given.password);
  }
}

function parse(authorization: string): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([a-z0-9+/]+={0,2})$/i.exec(authorization.trim()) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
