import type { IncomingHttpHeaders } from 'node:http';

/** Gives a client's requests their credentials. */
export interface ClientAuthenticator {
  /** The header of the next request. Never rejects. */
  credentials(): Promise<{ readonly name: string; readonly value: string }>;
  /** A server has refused the credentials. The files that they come from are read again before the next request. */
  suspect(): void;
}

/** `busy`: too many credentials are being checked; the client may try again. */
export type Verdict = 'valid' | 'invalid' | 'busy';

/** Checks the credentials of a server's clients. */
export interface ServerAuthenticator {
  /** Checks the headers of a request. Takes the same time whatever is wrong. Never rejects. */
  check(headers: IncomingHttpHeaders): Promise<Verdict>;
  /** The header WWW-Authenticate of a refusal (RFC 9110, 11.6.1). */
  readonly challenge: string;
}

/** The part of an extension that other components use for authentication. It works between the extension's start and shutdown. */
export interface Authenticator {
  readonly client?: ClientAuthenticator;
  readonly server?: ServerAuthenticator;
}

/** `client`: it gives credentials to an exporter. `server`: it checks those of an endpoint's clients. */
export type AuthenticatorRole = keyof Authenticator;
