import { z } from 'zod';
import { duration, endpointMistake, formatEndpoint, parseEndpoint } from '../../component/schema.ts';
import { tlsSettings } from '../../component/tls_settings.ts';
import { headers } from '../headers.ts';
import { mistake } from './header_names.ts';

const SCHEME = /^(https?):\/\//i;

/** Where to push to. */
export interface Target {
  /** `host:port`, or `unix:PATH`. */
  readonly address: string;
  /** `http` means without TLS, whatever `tls` contains, as in the Collector. */
  readonly scheme: 'http' | 'https' | undefined;
}

/** As gRPC writes names (https://github.com/grpc/grpc/blob/master/doc/naming.md); another DNS server can't be named. */
const DNS = /^dns:(?:\/\/\/)?/i;
const UNIX = /^unix:(?:\/\/(?=\/))?(.+)$/i;

const endpoint = z.string().transform((given, context): Target => {
  const path = UNIX.exec(given)?.[1];
  if (path !== undefined) return { address: `unix:${path}`, scheme: undefined };
  const scheme = SCHEME.exec(given)?.[1]?.toLowerCase();
  const parsed = parseEndpoint(given.replace(SCHEME, '').replace(DNS, '').replace(/\/$/, ''));
  if (parsed === undefined || parsed.host === '' || parsed.port === 0) {
    context.addIssue({ code: 'custom', message: endpointMistake(given, 'localhost:4317') });
  }
  return {
    address: parsed === undefined ? '' : formatEndpoint(parsed),
    scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
  };
});

const keepalive = z.strictObject({
  time: duration({ least: '1s', fallback: '10s' }).describe('Send a ping when nothing was received for so long.'),
  timeout: duration({ least: '1s', fallback: '10s' }).describe('Close the connection when the ping is not answered for so long.'),
  permit_without_stream: z.boolean().default(false).describe('Send pings between pushes too.'),
});

/** The Collector's configgrpc for clients, under the same names. */
export const grpcClientSettings = z.strictObject({
  endpoint: endpoint.describe(
    'host:port of an OTLP/gRPC receiver; http:// before it means without TLS. Also dns:///host:port, and unix:///path for a Unix socket.',
  ),
  tls: tlsSettings.prefault({}),
  headers: headers(mistake).default({}).describe('Sent with every push.'),
  compression: z.enum(['gzip', 'none']).default('gzip').describe('How messages are compressed.'),
  keepalive: keepalive.optional().describe('Pings that find a dead connection; none by default.'),
  balancer_name: z
    .enum(['round_robin', 'pick_first'])
    .default('round_robin')
    .describe('How pushes are spread over the addresses of a name.'),
  authority: z.string().min(1).optional().describe('Value of the :authority header; default: the endpoint.'),
  timeout: duration({ least: '1ms', fallback: '5s' }).describe('The most that one attempt may take.'),
});

export type GrpcClientSettings = z.infer<typeof grpcClientSettings>;

/** Whether `tls` is used; the scheme of the endpoint wins. */
export function usesTls({ endpoint: { scheme }, tls }: Pick<GrpcClientSettings, 'endpoint' | 'tls'>): boolean {
  return scheme !== 'http' && (!tls.insecure || scheme === 'https');
}
