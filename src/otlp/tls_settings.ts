import { z } from 'zod';
import { duration } from '../component/schema.ts';
import { secret } from '../component/secret.ts';

/** As in the Collector; Node's names are in tls_material.ts. */
export const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** A version is text there, and a number if the quotes are missing. */
const version = z
  .union([z.enum(TLS_VERSIONS), z.number()])
  .transform((given) => (typeof given === 'number' ? given.toFixed(1) : given))
  .pipe(z.enum(TLS_VERSIONS));

const PAIRS = [
  ['ca_file', 'ca_pem'],
  ['cert_file', 'cert_pem'],
  ['key_file', 'key_pem'],
] as const;

/** The Collector's configtls for clients, under the same names. */
export const tlsSettings = z
  .strictObject({
    insecure: z.boolean().default(false).describe('true: no TLS at all.'),
    insecure_skip_verify: z.boolean().default(false).describe("true: TLS that accepts any server's certificate."),
    ca_file: z
      .string()
      .optional()
      .describe("PEM file with the CA that signed the server's certificate; default: the well-known CAs."),
    ca_pem: z.string().optional().describe('The same, as PEM text.'),
    include_system_ca_certs_pool: z
      .boolean()
      .default(false)
      .describe('true: the well-known CAs besides that of ca_file or ca_pem.'),
    cert_file: z.string().optional().describe("PEM file with the client's certificate, where the server requires one."),
    cert_pem: z.string().optional().describe('The same, as PEM text.'),
    key_file: z.string().optional().describe('PEM file with the key of that certificate.'),
    key_pem: secret(z.string()).optional().describe('The same, as PEM text.'),
    server_name_override: z
      .string()
      .min(1)
      .optional()
      .describe("The name that the server's certificate must have, where it isn't the endpoint's."),
    min_version: version.default('1.2').describe('The lowest version of TLS that is accepted.'),
    max_version: version.optional().describe('The highest version of TLS that is accepted; default: the highest there is.'),
    reload_interval: duration({ least: '1s', most: '24h', fallback: '1m' }).describe(
      'How often files are read again; also after a failed push. A changed file is used from the next connection on.',
    ),
  })
  .superRefine((given, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    for (const [file, pem] of PAIRS) {
      if (given[file] !== undefined && given[pem] !== undefined) complain(pem, `${file} is given too; remove one`);
    }
    const cert = given.cert_file ?? given.cert_pem;
    const key = given.key_file ?? given.key_pem;
    if ((cert === undefined) !== (key === undefined)) {
      context.addIssue({
        code: 'custom',
        message: 'a certificate (cert_file, cert_pem) and its key (key_file, key_pem) go together: give both or neither',
      });
    }
    if (given.max_version !== undefined && given.max_version < given.min_version) {
      complain('max_version', `is below min_version, which is ${given.min_version}`);
    }
  });

export type TlsSettings = z.infer<typeof tlsSettings>;

const SUITES = 'the suites of Node.js are used; remove it';

/** What the Collector's configtls has besides, below the key `tls`. */
export const TLS_HINTS: Readonly<Record<string, string>> = {
  'tls::enabled': 'tls: {insecure: true} turns TLS off; remove it',
  'tls::cipher_suites': SUITES,
  'tls::include_insecure_cipher_suites': SUITES,
  'tls::curve_preferences': 'the curves of Node.js are used; remove it',
  'tls::tpm': 'keys are read from files: set key_file',
};
