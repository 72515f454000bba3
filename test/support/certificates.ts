import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority whose files are in a directory. */
export class Authority {
  readonly #directory: string;
  readonly #name: string;
  /** The file with its certificate. */
  readonly cert: string;
  readonly #key: string;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
    this.cert = join(directory, `${name}.crt`);
    this.#key = join(directory, `${name}.key`);
    openssl('req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-days', '2', '-keyout', this.#key, '-out', this.cert);
  }

  get pem(): string {
    return readFileSync(this.cert, 'utf8');
  }

  /** Issues a certificate for localhost and the loopback addresses, of a server or a client. */
  issue(name: string): Certificate {
    const [cert, key] = ['crt', 'key'].map((end) => join(this.#directory, `${this.#name}-${name}.${end}`)) as [string, string];
    openssl(
      ...['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-days', '2', '-CA', this.cert, '-CAkey', this.#key],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1', '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-keyout', key, '-out', cert],
    );
    return { cert, key };
  }
}

/** Replaces the files of a certificate, as cert-manager does. */
export function replaceCertificate(old: Certificate, by: Certificate): void {
  copyFileSync(by.cert, old.cert);
  copyFileSync(by.key, old.key);
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
