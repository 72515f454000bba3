import { z } from 'zod';
import { duration, endpointMistake, formatEndpoint, parseEndpoint } from '../../component/schema.ts';
import { headers } from '../../otlp/headers.ts';
import { retrySettings } from '../../otlp/retry_settings.ts';
import { tlsSettings } from '../../otlp/tls_settings.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';
import { mistake } from './header_names.ts';

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

export const configSchema = z.strictObject({
  endpoint: endpoint.describe('host:port of an OTLP/gRPC receiver; http:// before it means without TLS.'),
  tls: tlsSettings.prefault({}),
  headers: headers(mistake).default({}).describe('Sent with every push.'),
  compression: z.enum(['gzip', 'none']).default('gzip').describe('How messages are compressed.'),
  timeout: duration({ least: '1ms', fallback: '5s' }).describe('The most that one attempt may take.'),
  retry_on_failure: retrySettings.prefault({}),
  metric_names: z.enum(METRIC_NAMES).default('opentelemetry').describe("Names and labels: the OpenTelemetry ones, or Retina's."),
});

export type OtlpGrpcConfig = z.infer<typeof configSchema>;
