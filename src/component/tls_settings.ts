import { z } from 'zod';
import { duration } from './schema.ts';
import { secret } from './secret.ts';

/** As in the Collector; Node's names are in src/tls/tls_material.ts. */
export const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** A version is text there, and a number if the quotes are missing. */
const version = z
  .union([z.enum(TLS_VERSIONS), z.number()])
  .transform((given) => (typeof given === 'number' ? given.toFixed(1) : given))
  .pipe(z.enum(TLS_VERSIONS));

const AS_TEXT = 'The same, as PEM text.';

/** Keys of clients and servers. `certificate` describes whose certificate it is, and `again` when its file is read again. */
const shared = (certificate: string, again: string) => ({
  cert_file: z.string().optional().describe(certificate),
  cert_pem: z.string().optional().describe(AS_TEXT),
  key_file: z.string().optional().describe('PEM file with the key of that certificate.'),
  key_pem: secret(z.string()).optional().describe(AS_TEXT),
  min_version: version.default('1.2').describe('The lowest version of TLS that is accepted.'),
  max_version: version.optional().describe('The highest version of TLS that is accepted; default: the highest there is.'),
  reload_interval: duration({ least: '1s', most: '24h', fallback: '1m' }).describe(again),
});

const sharedSettings = z.strictObject(shared('', ''));
type SharedSettings = z.infer<typeof sharedSettings>;

type Complain = (path: string, message: string) => void;

/** Mistakes in keys of clients and servers. */
function checkShared(given: SharedSettings, complain: Complain): void {
  checkOneOf(given, 'cert_file', 'cert_pem', complain);
  checkOneOf(given, 'key_file', 'key_pem', complain);
  if (given.max_version !== undefined && given.max_version < given.min_version) {
    complain('max_version', `is below min_version, which is ${given.min_version}`);
  }
}

function checkOneOf<K extends string>(given: { readonly [key in K]?: unknown }, file: K, pem: K, complain: Complain): void {
  if (given[file] !== undefined && given[pem] !== undefined) complain(pem, `${file} is given too; remove one`);
}

const hasCertificate = ({ cert_file, cert_pem }: SharedSettings) => (cert_file ?? cert_pem) !== undefined;
const hasKey = ({ key_file, key_pem }: SharedSettings) => (key_file ?? key_pem) !== undefined;

/** The Collector's configtls for clients, under the same names. */
export const tlsSettings = z
  .strictObject({
    insecure: z.boolean().default(false).describe('true: no TLS at all.'),
    insecure_skip_verify: z.boolean().default(false).describe("true: TLS that accepts any server's certificate."),
    ca_file: z
      .string()
      .optional()
      .describe("PEM file with the CA that signed the server's certificate; default: the well-known CAs."),
    ca_pem: z.string().optional().describe(AS_TEXT),
    include_system_ca_certs_pool: z
      .boolean()
      .default(false)
      .describe('true: the well-known CAs besides that of ca_file or ca_pem.'),
    server_name_override: z
      .string()
      .min(1)
      .optional()
      .describe("The name that the server's certificate must have, where it isn't the endpoint's."),
    ...shared(
      "PEM file with the client's certificate, where the server requires one.",
      'How often files are read again; also after a failed push. A changed file is used from the next connection on.',
    ),
  })
  .superRefine((given, context) => {
    const complain: Complain = (path, message) => context.addIssue({ code: 'custom', path: [path], message });
    checkShared(given, complain);
    checkOneOf(given, 'ca_file', 'ca_pem', complain);
    if (hasCertificate(given) === hasKey(given)) return;
    context.addIssue({
      code: 'custom',
      message: 'a certificate (cert_file, cert_pem) and its key (key_file, key_pem) go together: give both or neither',
    });
  });

export type TlsSettings = z.infer<typeof tlsSettings>;

/** The Collector's configtls for servers, under the same names. */
export const serverTlsSettings = z
  .strictObject({
    ...shared(
      "PEM file with the server's certificate, and the intermediate ones after it.",
      'How often files are read again; also after a failed handshake. A changed file is used from the next connection on.',
    ),
    client_ca_file: z
      .string()
      .optional()
      .describe("PEM file with the CA of the clients' certificates. Only clients with such a certificate get an answer."),
  })
  .superRefine((given, context) => {
    checkShared(given, (path, message) => context.addIssue({ code: 'custom', path: [path], message }));
    if (hasCertificate(given) && hasKey(given)) return;
    context.addIssue({
      code: 'custom',
      message: 'a server needs a certificate (cert_file or cert_pem) and its key (key_file or key_pem)',
    });
  });

export type ServerTlsSettings = z.infer<typeof serverTlsSettings>;

const SUITES = 'the suites of Node.js are used; remove it';

/** What the Collector's configtls has besides, below the key `tls`, of clients and servers. */
export const TLS_HINTS: Readonly<Record<string, string>> = {
  'tls::enabled': 'tls: {insecure: true} turns TLS off; remove it',
  'tls::cipher_suites': SUITES,
  'tls::include_insecure_cipher_suites': SUITES,
  'tls::curve_preferences': 'the curves of Node.js are used; remove it',
  'tls::tpm': 'keys are read from files: set key_file',
};

const OF_CLIENTS = 'servers do not use it, in the Collector neither; client_ca_file makes clients show a certificate';

/** Keys of the Collector's configtls for servers that have no effect. For `ignored` of a factory. */
export const SERVER_TLS_IGNORED: Readonly<Record<string, string>> = {
  'tls::client_ca_file_reload': 'client_ca_file is always read again',
  'tls::ca_file': OF_CLIENTS,
  'tls::ca_pem': OF_CLIENTS,
  'tls::include_system_ca_certs_pool': OF_CLIENTS,
};
