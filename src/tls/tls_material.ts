import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContextOptions, type SecureVersion } from 'node:tls';
import type { Logger } from 'pino';
import { ComponentError } from '../component/errors.ts';
import { Outage } from '../component/outage.ts';
import { readKeyFile } from '../component/read_key_file.ts';
import { Reread } from '../component/reread.ts';
import type { ServerTlsSettings, TlsSettings, TlsVersion } from '../component/tls_settings.ts';

/** Certificates and keys, in the form for `createSecureContext`, `https.Agent` and `Server.setSecureContext`. */
export type TlsMaterial = Reread<SecureContextOptions>;

const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
};

/** Handshakes that fail make a server's files suspect. They are not read more often for that. */
const SERVER_LEAST_MILLIS = 1_000;

type Log = Pick<Logger, 'error' | 'info'>;

/** The material of a client. @throws ComponentError if a file can't be read or used. */
export function clientMaterial(settings: TlsSettings, logger: Log): Promise<TlsMaterial> {
  const read = async () => {
    const ca = await readPem('ca_file', settings.ca_file, settings.ca_pem);
    const wellKnown = settings.include_system_ca_certs_pool ? getCACertificates('default') : [];
    return toOptions(settings, ca, wellKnown);
  };
  return Reread.of({ read, everyMillis: settings.reload_interval, outage: outage(logger) });
}

/** The material of a server. @throws ComponentError if a file can't be read or used. */
export function serverMaterial(settings: ServerTlsSettings, logger: Log): Promise<TlsMaterial> {
  const times = { everyMillis: settings.reload_interval, leastMillis: SERVER_LEAST_MILLIS };
  return Reread.of({ read: () => readServer(settings), ...times, outage: outage(logger) });
}

/** Reads the material of a server once. @throws ComponentError if a file can't be read or used. */
export async function readServer(settings: ServerTlsSettings): Promise<SecureContextOptions> {
  return toOptions(settings, await readPem('client_ca_file', settings.client_ca_file, undefined), []);
}

function outage(logger: Log): Outage {
  return new Outage(logger, {
    began: "tls: the files can't be read again; the certificates that were read before are used",
    ended: 'tls: the files can be read again',
  });
}

type Keys = 'cert_file' | 'cert_pem' | 'key_file' | 'key_pem' | 'min_version' | 'max_version';

async function toOptions(
  settings: Pick<ServerTlsSettings, Keys>,
  ca: string | undefined,
  moreCas: readonly string[],
): Promise<SecureContextOptions> {
  const [cert, key] = await Promise.all([
    readPem('cert_file', settings.cert_file, settings.cert_pem),
    readPem('key_file', settings.key_file, settings.key_pem?.reveal()),
  ]);
  const options: SecureContextOptions = {
    ...(ca !== undefined && { ca: [ca, ...moreCas] }),
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

/** OpenSSL silently skips an invalid CA. Then no peer would be trusted, without an explanation. */
function checkCertificates(pem: string): void {
  const all = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (all === null) throw new Error('the CA has no certificate in PEM format');
  for (const each of all) new X509Certificate(each);
}

async function readPem(key: string, path: string | undefined, text: string | undefined): Promise<string | undefined> {
  return path === undefined ? text : readKeyFile(`tls::${key}`, path);
}
