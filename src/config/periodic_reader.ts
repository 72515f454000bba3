import { z } from 'zod';
import { secret } from '../component/secret.ts';
import { type GrpcClientSettings, grpcClientSettings } from '../otlp/grpc/client_settings.ts';
import { type HttpClientSettings, httpClientSettings } from '../otlp/http/client_settings.ts';

/** As in the Collector, which has no units here. */
const millis = (fallback: number) =>
  z
    .int({ error: ({ input }) => `must be a number of milliseconds such as ${fallback}, got ${JSON.stringify(input)}` })
    .min(1)
    .max(2 ** 31 - 1)
    .default(fallback);

const headers = z.union([z.array(z.strictObject({ name: z.string().min(1), value: secret() })), z.record(z.string(), secret())]);

const otlp = z.strictObject({
  protocol: z.enum(['grpc', 'http/protobuf']).describe('What carries the messages.'),
  endpoint: z
    .string()
    .describe(
      'host:port or URL of an OTLP/gRPC receiver, or URL of an OTLP/HTTP one. /v1/metrics is added to a URL without a path.',
    ),
  insecure: z.boolean().default(false).describe('true: no TLS, for an endpoint of gRPC without http:// or https://.'),
  certificate: z.string().min(1).optional().describe("PEM file with the CA that signed the server's certificate."),
  client_certificate: z.string().min(1).optional().describe("PEM file with the client's certificate."),
  client_key: z.string().min(1).optional().describe('PEM file with the key of that certificate.'),
  headers: headers.default([]).describe('Sent with every push: names and values, or a list of {name, value}.'),
  headers_list: secret()
    .optional()
    .describe('The same as name=value,name=value with values percent-encoded; headers has priority.'),
  compression: z.enum(['gzip', 'none']).default('none').describe('How messages are compressed.'),
  timeout: millis(10_000).describe('The most milliseconds that one attempt may take.'),
  temporality_preference: z
    .enum(['cumulative', 'delta'])
    .default('cumulative')
    .describe('delta: counters as what was added since the last push that was acknowledged; histograms stay cumulative.'),
});

type Otlp = z.output<typeof otlp>;

/** Where and how the agent's own metrics are pushed. */
export type PushTarget = { readonly temporality: 'cumulative' | 'delta' } & (
  | { readonly protocol: 'grpc'; readonly client: GrpcClientSettings }
  | { readonly protocol: 'http/protobuf'; readonly client: HttpClientSettings }
);

/** Keys of the client's settings, and those that they come from. */
const KEYS: Readonly<Record<string, string>> = {
  metrics_endpoint: 'endpoint',
  'tls::ca_file': 'certificate',
  'tls::cert_file': 'client_certificate',
  'tls::key_file': 'client_key',
};

const target = otlp.transform((given, context): PushTarget => {
  const { protocol, temporality_preference: temporality } = given;
  if ((given.client_certificate === undefined) !== (given.client_key === undefined)) {
    context.addIssue({ code: 'custom', message: 'client_certificate and client_key go together: give both or neither' });
    return z.NEVER;
  }
  const parsed =
    protocol === 'grpc'
      ? grpcClientSettings.safeParse({ ...common(given), endpoint: given.endpoint })
      : httpClientSettings.safeParse({ ...common(given), ...urlOf(given.endpoint) });
  if (parsed.success) return { protocol, temporality, client: parsed.data } as PushTarget;
  for (const { path, message } of parsed.error.issues) {
    const key = path.map(String);
    context.addIssue({ code: 'custom', path: [KEYS[key.join('::')] ?? key[0] ?? ''], message: named(key, message) });
  }
  return z.NEVER;
});

/** `service::telemetry::metrics::readers::periodic` of the Collector (opentelemetry-configuration 0.3). */
export const periodicReader = z.strictObject({
  interval: millis(60_000).describe('Milliseconds between two pushes.'),
  timeout: millis(30_000).describe('The most milliseconds that one push may take.'),
  exporter: z.strictObject({ otlp: target }),
});

export type PeriodicReader = z.output<typeof periodicReader>;

const EXPORTER = 'telemetry::metrics::readers::periodic::exporter';

/** What the Collector's periodic reader has besides, by path below `service`. */
export const PERIODIC_HINTS: Readonly<Record<string, string>> = {
  [`${EXPORTER}::console`]: 'scrape the metrics of the agent, or push them with otlp; remove it',
  [`${EXPORTER}::otlp_grpc`]: 'write otlp: {protocol: grpc, endpoint: …}, as the Collector does',
  [`${EXPORTER}::otlp_http`]: 'write otlp: {protocol: http/protobuf, endpoint: …}, as the Collector does',
  [`${EXPORTER}::otlp::default_histogram_aggregation`]: 'histograms have explicit buckets; remove it',
};

function common({ certificate, client_certificate, client_key, insecure, compression, timeout, ...given }: Otlp): object {
  const tls = { ca_file: certificate, cert_file: client_certificate, key_file: client_key, insecure };
  return { tls, headers: headersOf(given), compression, timeout: `${timeout}ms` };
}

function headersOf({ headers: all, headers_list: list }: Pick<Otlp, 'headers' | 'headers_list'>): Record<string, string> {
  const pairs = (list?.reveal() ?? '').split(',').flatMap((pair): [string, string][] => {
    const [, name = '', value = ''] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === '' ? [] : [[name, decoded(value)]];
  });
  const given = Array.isArray(all) ? all.map(({ name, value }) => [name, value] as const) : Object.entries(all);
  return { ...Object.fromEntries(pairs), ...Object.fromEntries(given.map(([name, value]) => [name, value.reveal()])) };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** As in Go's SDK: a path is used as it is. */
function urlOf(endpoint: string): { readonly endpoint?: string; readonly metrics_endpoint?: string } {
  const hasPath = URL.canParse(endpoint) && new URL(endpoint).pathname !== '/';
  return hasPath ? { metrics_endpoint: endpoint } : { endpoint };
}

/** With the name of the header, which is no part of the path in the file. */
function named([key, name]: readonly string[], message: string): string {
  return key === 'headers' && name !== undefined ? `${name}: ${message}` : message;
}
