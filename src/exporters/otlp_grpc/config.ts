import { z } from 'zod';
import { duration, endpointMistake, formatEndpoint, parseEndpoint } from '../../component/schema.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';
import { headers } from './headers.ts';

const SCHEME = /^(https?):\/\//i;

/** Where to push to. */
export interface Target {
  /** `host:port`. */
  readonly address: string;
  /** `http` is without TLS whatever `tls` says, as in the Collector. */
  readonly scheme: 'http' | 'https' | undefined;
}

const endpoint = z.string().transform((given, context): Target => {
  const scheme = SCHEME.exec(given)?.[1]?.toLowerCase();
  const parsed = parseEndpoint(given.replace(SCHEME, '').replace(/\/$/, ''));
  if (parsed === undefined || parsed.host === '' || parsed.port === 0) {
    context.addIssue({ code: 'custom', message: endpointMistake(given, 'localhost:4317') });
  }
  return {
    address: parsed === undefined ? '' : formatEndpoint(parsed),
    scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
  };
});

const tls = z
  .strictObject({
    insecure: z.boolean().default(false).describe('true: no TLS at all.'),
    insecure_skip_verify: z.boolean().default(false).describe('true: TLS without asking whose certificate it is.'),
    ca_file: z
      .string()
      .optional()
      .describe("PEM file with the CA that signed the server's certificate; default: the well-known CAs."),
    cert_file: z.string().optional().describe("PEM file with the client's certificate, where the server asks for one."),
    key_file: z.string().optional().describe('PEM file with the key of that certificate.'),
  })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    message: 'cert_file and key_file go together: give both or neither',
  });

/** A wait is spread by half, and must still fit in a timer. */
const MOST_INTERVAL = '300h';

const retry = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether a push that failed is tried again.'),
  initial_interval: duration({ least: '1ms', most: MOST_INTERVAL, fallback: '5s' }).describe(
    'Wait before the first retry; grows by half each time.',
  ),
  max_interval: duration({ least: '1ms', most: MOST_INTERVAL, fallback: '30s' }).describe('The most that it grows to.'),
  max_elapsed_time: duration({ fallback: '5m' }).describe('After this the push is given up; 0 means never.'),
});

export const configSchema = z.strictObject({
  endpoint: endpoint.describe('host:port of an OTLP/gRPC receiver; http:// before it means without TLS.'),
  tls: tls.prefault({}),
  headers: headers.default({}).describe('Sent with every push.'),
  compression: z.enum(['gzip', 'none']).default('gzip').describe('How messages are compressed.'),
  timeout: duration({ least: '1ms', fallback: '5s' }).describe('The most that one attempt may take.'),
  retry_on_failure: retry.prefault({}),
  metric_names: z.enum(METRIC_NAMES).default('opentelemetry').describe("Names and labels: the OpenTelemetry ones, or Retina's."),
});

export type OtlpGrpcConfig = z.infer<typeof configSchema>;
