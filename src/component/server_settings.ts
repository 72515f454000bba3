import { z } from 'zod';
import { duration } from './schema.ts';

/** Zero would mean no limit, as it does in the Collector, and a client that doesn't read could then stay for ever. */
const timeout = (fallback: string) => duration({ least: '1s', most: '1h', fallback });

/**
 * Keys of everything that listens, named as in the Collector's confighttp. A component puts them beside its endpoint:
 * `z.strictObject({ endpoint: …, ...serverSettings.shape })`.
 */
export const serverSettings = z.strictObject({
  read_header_timeout: timeout('10s').describe('The longest that a client may take to send the headers of a request.'),
  read_timeout: timeout('30s').describe('The longest that a client may take to send a whole request.'),
  write_timeout: timeout('30s').describe(
    'The longest that an answer may take, from the request to its last byte. A client that reads nothing for a third of it is disconnected.',
  ),
  idle_timeout: timeout('1m').describe('How long a connection without a request is kept open.'),
  keep_alives_enabled: z.boolean().default(true).describe('Keeps a connection open for further requests.'),
  max_connections: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('The most connections at a time. A new one replaces one that has no request or reads slowly, else it gets a 503.'),
  max_unsent_megabytes: z
    .int()
    .min(1)
    .max(4_096)
    .default(16)
    .describe(
      'The most megabytes of answers that wait for clients to read them. Beyond, clients that do not read are disconnected.',
    ),
});

/** What the Collector's confighttp has besides, and what to do about it; for the `hints` of a factory. */
export const SERVER_HINTS: Readonly<Record<string, string>> = {
  max_request_body_size: 'bodies of requests are not read; remove it',
  include_metadata: 'nothing of a request is passed on; remove it',
  compression_algorithms:
    'answers are compressed with gzip for clients that accept it, bodies of requests are not read; remove it',
  response_headers: 'put a proxy before it that adds headers',
  cors: 'put a proxy before it for pages of other origins',
  middlewares: 'there are no middlewares; remove it',
};

export type ServerSettings = z.infer<typeof serverSettings>;
