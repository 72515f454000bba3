import { z } from 'zod';
import { duration } from '../../component/schema.ts';
import { tlsSettings } from '../../component/tls_settings.ts';
import { headers } from '../headers.ts';
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

/** The Collector's confighttp for clients, under the same names, and where to push to. */
export const httpClientSettings = z.strictObject({
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
});

export type HttpClientSettings = z.infer<typeof httpClientSettings>;

/** Where to push to; `metrics_endpoint` wins, as in the Collector. */
export function targetOf({ endpoint = '', metrics_endpoint }: HttpClientSettings): URL {
  if (metrics_endpoint !== undefined) return new URL(metrics_endpoint);
  const target = new URL(endpoint);
  target.pathname = target.pathname.replace(/\/$/, '') + PATH;
  return target;
}
