import { expect, test } from 'vitest';
import { BARE, below, mistakesOf } from '../../support/collector_keys.ts';

/** The keys of configtls (ClientConfig), configretry and exporterhelper of the Collector 0.162.0. */
const TLS =
  'insecure insecure_skip_verify server_name_override enabled ca_file ca_pem cert_file cert_pem key_file key_pem min_version max_version ' +
  'cipher_suites include_insecure_cipher_suites curve_preferences reload_interval include_system_ca_certs_pool tpm';
const RETRY = 'enabled initial_interval randomization_factor multiplier max_interval max_elapsed_time';
const PUSH = ['timeout', 'sending_queue', ...below('retry_on_failure', RETRY), ...below('tls', TLS)];

/** Those of otlpexporter with configgrpc (ClientConfig), and of otlphttpexporter with confighttp (ClientConfig). */
const KEYS = {
  otlp_grpc: [
    ...'endpoint compression headers auth authority balancer_name middlewares read_buffer_size write_buffer_size'.split(' '),
    ...'wait_for_ready user_agent'.split(' '),
    ...below('keepalive', 'time timeout permit_without_stream'),
    ...PUSH,
  ],
  otlp_http: [
    ...'endpoint metrics_endpoint traces_endpoint logs_endpoint profiles_endpoint encoding proxy_url headers auth'.split(' '),
    ...'compression compression_params read_buffer_size write_buffer_size max_idle_conns max_idle_conns_per_host'.split(' '),
    ...'max_conns_per_host idle_conn_timeout disable_keep_alives http2_read_idle_timeout http2_ping_timeout'.split(' '),
    ...'cookies force_attempt_http2 middlewares'.split(' '),
    ...PUSH,
  ],
};

const reported = (type: string, key: string) => mistakesOf('exporters', type, key, { endpoint: 'http://localhost:4317' });

test.each(Object.entries(KEYS).flatMap(([type, keys]) => keys.map((key) => [type, key] as const)))(
  "the Collector's %s %s is known, ignored with a warning, or has a hint",
  (type, key) => {
    expect(reported(type, key)).not.toMatch(BARE);
  },
);

test('other keys are not known', () => {
  expect(reported('otlp_grpc', 'tls::nonsense')).toMatch(/is not a known key; known: /);
  expect(reported('otlp_http', 'nonsense')).toMatch(/is not a known key; known: /);
});
