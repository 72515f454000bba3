import { z } from 'zod';
import { duration } from '../../component/schema.ts';
import { headers } from '../../otlp/headers.ts';
import { retrySettings } from '../../otlp/retry_settings.ts';
import { tlsSettings } from '../../otlp/tls_settings.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';
import { mistake } from './header_names.ts';

/** Relative to the base URL, as in OTLP 1.x (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request). */
const PATH = '/v1/metrics';

const url = z.string().superRefine((given, context) => {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  const message =
    parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)
      ? 'must be a URL, such as https://collector:4318'
      : parsed.username + parsed.password !== ''
        ? 'must not have a user or password: set headers: {authorization: …}, whose value is never shown'
        : undefined;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const configSchema = z
  .strictObject({
    endpoint: url.optional().describe(`Base URL of an OTLP/HTTP receiver, to which ${PATH} is added.`),
    metrics_endpoint: url.optional().describe('The whole URL, used as it is.'),
    tls: tlsSettings.prefault({}),
    headers: headers(mistake).default({}).describe('Sent with every push.'),
    compression: z.enum(['gzip', 'zstd', 'none']).default('gzip').describe('How messages are compressed.'),
    encoding: z.enum(['proto', 'json']).default('proto').describe('Protobuf, or JSON.'),
    proxy_url: url
      .optional()
      .describe('Proxy for all pushes. Without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment decide.'),
    timeout: duration({ least: '1ms', fallback: '30s' }).describe('The most that one attempt may take.'),
    retry_on_failure: retrySettings.prefault({}),
    metric_names: z
      .enum(METRIC_NAMES)
      .default('opentelemetry')
      .describe("Names and labels: the OpenTelemetry ones, or Retina's."),
  })
  .refine(({ endpoint, metrics_endpoint }) => endpoint !== undefined || metrics_endpoint !== undefined, {
    path: ['endpoint'],
    message: 'is required, or metrics_endpoint',
  });

export type OtlpHttpConfig = z.infer<typeof configSchema>;

/** Where to push to; `metrics_endpoint` wins, as in the Collector. */
export function targetOf({ endpoint = '', metrics_endpoint }: OtlpHttpConfig): URL {
  if (metrics_endpoint !== undefined) return new URL(metrics_endpoint);
  const target = new URL(endpoint);
  target.pathname = target.pathname.replace(/\/$/, '') + PATH;
  return target;
}
