import { PUSH_HINTS, PUSH_IGNORED } from '../../otlp/hints.ts';

const ONE_CONNECTION = 'one connection of HTTP/1.1 is used, and kept while the server keeps it';

/** What the Collector's otlphttpexporter (confighttp) has besides. */
export const HINTS: Readonly<Record<string, string>> = {
  ...PUSH_HINTS,
  compression_params: 'the default levels are used; remove it',
  cookies: 'cookies are not kept; remove it',
  disable_keep_alives: 'the connection is kept; remove it',
  traces_endpoint: 'dropreason emits only metrics; remove it',
  logs_endpoint: 'dropreason emits only metrics; remove it',
  profiles_endpoint: 'dropreason emits only metrics; remove it',
};

export const IGNORED: Readonly<Record<string, string>> = {
  ...PUSH_IGNORED,
  max_idle_conns: ONE_CONNECTION,
  max_idle_conns_per_host: ONE_CONNECTION,
  max_conns_per_host: ONE_CONNECTION,
  idle_conn_timeout: ONE_CONNECTION,
  http2_read_idle_timeout: ONE_CONNECTION,
  http2_ping_timeout: ONE_CONNECTION,
  force_attempt_http2: ONE_CONNECTION,
};
