import { createServer, type Server, type ServerOptions } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { ServerTlsSettings } from '../component/tls_settings.ts';
import { serverMaterial, type TlsMaterial } from '../tls/tls_material.ts';

export interface TlsFrontOptions {
  readonly settings: ServerTlsSettings;
  /** The longest time for a client to finish its handshake. */
  readonly handshakeMillis: number;
  readonly logger: Pick<Logger, 'error' | 'info'>;
  /** Called with the cause for each handshake that fails. There are only a few different causes. */
  readonly onFailed: (cause: string) => void;
}

/** TLS in front of the servers of an endpoint. Certificates that are replaced are used from the next connection on; none is cut. */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #material: TlsMaterial;
  readonly #servers: Server[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(options: TlsFrontOptions, material: TlsMaterial) {
    this.#options = options;
    this.#material = material;
    this.#timer = setInterval(() => void this.#refresh(), options.settings.reload_interval).unref();
  }

  /** @throws ComponentError if a file can't be read or used. */
  static async open(options: TlsFrontOptions): Promise<TlsFront> {
    return new TlsFront(options, await serverMaterial(options.settings, options.logger));
  }

  /** Creates the server for one address. */
  makeServer(options: ServerOptions): Server {
    const server = createServer({
      ...options,
      ...this.#material.value,
      ...this.#clientCheck(),
      handshakeTimeout: this.#options.handshakeMillis,
    });
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    this.#servers.push(server);
    return server;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#servers.length = 0;
  }

  #clientCheck(): { requestCert: boolean; rejectUnauthorized: boolean } {
    const isWanted = this.#options.settings.client_ca_file !== undefined;
    return { requestCert: isWanted, rejectUnauthorized: isWanted };
  }

  async #refresh(): Promise<void> {
    if (!(await this.#material.refresh())) return;
    const context: SecureContextOptions = this.#material.value;
    for (const server of this.#servers) server.setSecureContext(context);
    this.#options.logger.info('tls: the certificates have changed; new connections use them');
  }

  /** The client may refuse a certificate that has been replaced meanwhile, or have one of a new CA. */
  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const { authorizationError } = socket;
    // Probes and load balancers connect and disconnect, which is no failure. So do clients that refuse a certificate without a word.
    const hasLeft = error.code === 'ECONNRESET' && !authorizationError;
    if (!hasLeft) this.#options.onFailed(causeOf(error, authorizationError, this.#options.handshakeMillis));
    if (UNRELATED.includes(error.code ?? '')) return;
    this.#material.suspect();
    void this.#refresh();
  }
}

/** OpenSSL has a code for each of many mistakes in a handshake. The most frequent ones have words of their own. */
const CAUSES: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'a client spoke HTTP, and not HTTPS',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'a client showed no certificate; client_ca_file requires one',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'a client offered no version of TLS that is accepted (min_version, max_version)',
};

/** No certificate causes these. */
const UNRELATED = ['ERR_SSL_HTTP_REQUEST', 'ERR_TLS_HANDSHAKE_TIMEOUT'];

/** The alerts of clients about a server's certificate. Names differ by the release of OpenSSL. */
const UNTRUSTED = /_ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE)$/;

function causeOf({ code = 'unknown' }: NodeJS.ErrnoException, authorizationError: unknown, mostMillis: number): string {
  // Node ends such a connection after the handshake, without a code.
  if (authorizationError) return `a client showed a certificate that client_ca_file does not accept (${authorizationError})`;
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return `a client did not finish its TLS handshake within ${mostMillis / 1000} s`;
  if (UNTRUSTED.test(code)) return 'a client does not trust the certificate of this server';
  return CAUSES[code] ?? `a TLS handshake failed (${code})`;
}
