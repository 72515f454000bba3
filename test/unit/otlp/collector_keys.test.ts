import { expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { files, mistakes } from '../config/scratch.ts';

/** The keys of configtls (ClientConfig), configretry and exporterhelper of the Collector 0.162.0. */
const TLS =
  'insecure insecure_skip_verify server_name_override enabled ca_file ca_pem cert_file cert_pem key_file key_pem min_version max_version ' +
  'cipher_suites include_insecure_cipher_suites curve_preferences reload_interval include_system_ca_certs_pool tpm';
const RETRY = 'enabled initial_interval randomization_factor multiplier max_interval max_elapsed_time';
const below = (key: string, names: string) => names.split(' ').map((name) => `${key}::${name}`);
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

/** What is reported of an exporter with this key; its value need not be one that is accepted. */
function reported(type: string, key: string): string {
  const value = key.split('::').reduceRight<unknown>((inner, name) => ({ [name]: inner }), '1s');
  const config = {
    receivers: { dropreason: {} },
    exporters: { [type]: { endpoint: 'http://localhost:4317', ...(value as object) } },
    service: { pipelines: { metrics: { receivers: ['dropreason'], exporters: [type] } } },
  };
  return mistakes(() => loadConfig({ files: files(JSON.stringify(config)), env: {}, factories })).join('\n');
}

test.each(Object.entries(KEYS).flatMap(([type, keys]) => keys.map((key) => [type, key] as const)))(
  "the Collector's %s %s is known, ignored with a warning, or has a hint",
  (type, key) => {
    expect(reported(type, key)).not.toMatch(/is not a known key(?!: )/);
  },
);

test('other keys are not known', () => {
  expect(reported('otlp_grpc', 'tls::nonsense')).toMatch(/is not a known key; known: /);
  expect(reported('otlp_http', 'nonsense')).toMatch(/is not a known key; known: /);
});
