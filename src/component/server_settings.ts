import { z } from 'zod';
import { authSettings } from './auth_settings.ts';
import { duration } from './schema.ts';
import { SERVER_TLS_IGNORED, serverTlsSettings, TLS_HINTS } from './tls_settings.ts';

/** Zero is not allowed: it would mean no limit, as in the Collector, and a client that doesn't read could stay forever. */
const timeout = (fallback: string) => duration({ least: '1s', most: '1h', fallback });

/**
 * Keys of every HTTP server, named as in the Collector's confighttp. A component adds them to its endpoint:
 * `z.strictObject({ endpoint: …, ...serverSettings.shape })`.
 */
export const serverSettings = z.strictObject({
  tls: serverTlsSettings.optional().describe('HTTPS instead of HTTP.'),
  auth: authSettings.optional().describe('Clients must have valid credentials. Others get status 401.'),
  read_header_timeout: timeout('10s').describe('The longest time for a client to send the headers of a request.'),
  read_timeout: timeout('30s').describe('The longest time for a client to send a whole request.'),
  write_timeout: timeout('30s').describe(
    'The longest time for a response, from the request to its last byte. A client that reads nothing for a third of it is disconnected.',
  ),
  idle_timeout: timeout('1m').describe('How long to keep an idle connection open.'),
  keep_alives_enabled: z.boolean().default(true).describe('Keeps a connection open for further requests.'),
  max_connections: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe(
      'The largest number of connections. Beyond it, a new connection replaces one that is idle or slow, or gets status 503.',
    ),
  max_unsent_megabytes: z
    .int()
    .min(1)
    .max(4_096)
    .default(16)
    .describe(
      'The most megabytes of responses that may wait for clients to read them. Beyond it, clients that do not read are disconnected.',
    ),
});

/** Why an endpoint with these settings should not be reachable from other hosts; undefined if it may be. */
export function exposure({ tls, auth }: Pick<ServerSettings, 'tls' | 'auth'>): string | undefined {
  if (tls !== undefined) return undefined;
  return auth === undefined ? 'without tls and auth' : 'with auth, but without tls';
}

/** Further keys of the Collector's confighttp, and what to do about them. For the `hints` of a factory. */
export const SERVER_HINTS: Readonly<Record<string, string>> = {
  ...TLS_HINTS,
  'auth::request_params': 'credentials are read from a header; remove it',
  max_request_body_size: 'request bodies are not read; remove it',
  include_metadata: 'request metadata is not used; remove it',
  include_tls_metadata: 'request metadata is not used; remove it',
  compression_algorithms:
    'responses are compressed with gzip for clients that accept it, and request bodies are not read; remove it',
  response_headers: 'use a proxy to add headers',
  cors: 'use a proxy to serve pages of other origins',
  middlewares: 'middlewares are not supported; remove it',
};

/** Keys of the Collector's confighttp that have no effect. For `ignored` of a factory. */
export const SERVER_IGNORED: Readonly<Record<string, string>> = SERVER_TLS_IGNORED;

export type ServerSettings = z.infer<typeof serverSettings>;
