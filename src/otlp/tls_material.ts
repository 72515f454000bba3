import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { ComponentError } from '../component/errors.ts';
import { Outage } from '../component/outage.ts';
import type { TlsSettings, TlsVersion } from './tls_settings.ts';

const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
};

/** Certificates and keys of a client. Files that are replaced, as cert-manager or a projected volume does, are read again. */
export class TlsMaterial {
  readonly #settings: TlsSettings;
  readonly #reading: Outage;
  #options: SecureContextOptions;
  /** By performance.now(). */
  #readMillis = performance.now();
  #isSuspect = false;

  private constructor(settings: TlsSettings, logger: Logger, options: SecureContextOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#reading = new Outage(logger, {
      began: "tls: the files can't be read again; the certificates that were read before are used",
      ended: 'tls: the files can be read again',
    });
  }

  /** @throws ComponentError if a file can't be read or used. */
  static async read(settings: TlsSettings, logger: Logger): Promise<TlsMaterial> {
    return new TlsMaterial(settings, logger, await read(settings));
  }

  /** What is used now: for `createSecureContext` and `https.Agent`. */
  get options(): SecureContextOptions {
    return this.#options;
  }

  /** A server has refused a push: a certificate that was replaced meanwhile may be what it wants. The next {@link refresh} reads. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /**
   * Reads the files again if `reload_interval` has passed, or they are suspect; whether they have changed. Files that can't be used are
   * logged, once, and change nothing: a key may be replaced a moment after its certificate.
   */
  async refresh(): Promise<boolean> {
    if (!this.#isSuspect && performance.now() - this.#readMillis < this.#settings.reload_interval) return false;
    this.#isSuspect = false;
    this.#readMillis = performance.now();
    try {
      const options = await read(this.#settings);
      this.#reading.succeeded();
      if (isDeepStrictEqual(options, this.#options)) return false;
      this.#options = options;
      return true;
    } catch (error) {
      this.#reading.failed(error);
      return false;
    }
  }
}

async function read(settings: TlsSettings): Promise<SecureContextOptions> {
  const [ca, cert, key] = await Promise.all([
    readPem('ca_file', settings.ca_file, settings.ca_pem),
    readPem('cert_file', settings.cert_file, settings.cert_pem),
    readPem('key_file', settings.key_file, settings.key_pem?.reveal()),
  ]);
  const wellKnown = settings.include_system_ca_certs_pool ? getCACertificates('default') : [];
  const options: SecureContextOptions = {
    ...(ca !== undefined && { ca: [ca, ...wellKnown] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    minVersion: VERSIONS[settings.min_version],
    ...(settings.max_version !== undefined && { maxVersion: VERSIONS[settings.max_version] }),
  };
  try {
    if (ca !== undefined) checkCertificates(ca);
    createSecureContext(options);
  } catch (error) {
    throw new ComponentError(`tls: the certificates can't be used: ${(error as Error).message}`);
  }
  return options;
}

/** OpenSSL silently skips an invalid CA. Then no server would be trusted, without an explanation. */
function checkCertificates(pem: string): void {
  const all = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (all === null) throw new Error('the CA has no certificate in PEM format');
  for (const each of all) new X509Certificate(each);
}

async function readPem(key: string, path: string | undefined, text: string | undefined): Promise<string | undefined> {
  if (path === undefined) return text;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ComponentError(`tls::${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
