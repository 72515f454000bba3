import { expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { BARE, below, mistakesOf } from '../../support/collector_keys.ts';
import { files } from './scratch.ts';

/** Those of confighttp's ServerConfig in the Collector 0.162.0. */
const SERVER =
  'max_request_body_size include_metadata include_tls_metadata response_headers compression_algorithms read_timeout ' +
  'read_header_timeout write_timeout idle_timeout keep_alives_enabled middlewares cors';

/** Those of configtls's ServerConfig. */
const TLS =
  'ca_file ca_pem include_system_ca_certs_pool cert_file cert_pem key_file key_pem min_version max_version cipher_suites ' +
  'include_insecure_cipher_suites curve_preferences reload_interval tpm client_ca_file client_ca_file_reload';

/** Those of the Collector's components, by the documentation of each. */
const KEYS = {
  exporters: {
    prometheus: [
      ...'endpoint const_labels namespace send_timestamps metric_expiration enable_open_metrics without_scope_info'.split(' '),
      ...'add_metric_suffixes translation_strategy sending_queue'.split(' '),
      ...below('resource_constant_labels', 'included excluded'),
      ...below('resource_to_telemetry_conversion', 'enabled exclude_service_attributes'),
      ...SERVER.split(' '),
      ...below('tls', TLS),
      ...below('auth', 'authenticator request_params'),
    ],
  },
  processors: {
    attributes: [
      ...below('actions[]', 'key action value from_attribute from_context pattern converted_type default_value'),
      ...['include', 'exclude'].flatMap((key) =>
        below(key, 'match_type regexp services resources[]::key metric_names attributes'),
      ),
    ],
    resource: below('attributes[]', 'key action value from_attribute from_context pattern converted_type default_value'),
    k8s_attributes: [
      ...'auth_type context kube_config_path passthrough watch_sync_period wait_for_metadata wait_for_metadata_timeout'.split(
        ' ',
      ),
      ...'pod_association[]::sources[]::from exclude::pods[]::name'.split(' '),
      ...below('filter', 'node node_from_env_var namespace fields[]::key labels[]::key labels[]::value labels[]::op'),
      ...below('extract', 'metadata annotations otel_annotations service_attributes deployment_name_from_replicaset'),
      ...below('extract::labels[]', 'key key_regex regex tag_name from'),
    ],
  },
} as const;

const cases = Object.entries(KEYS).flatMap(([kind, types]) =>
  Object.entries(types).flatMap(([type, keys]) => keys.map((key) => [kind as keyof typeof KEYS, type, key] as const)),
);

test.each(cases)("of the Collector's %s, %s %s is known, ignored with a warning, or has a hint", (kind, type, key) => {
  expect(mistakesOf(kind, type, key)).not.toMatch(BARE);
});

test('other keys are not known', () => {
  expect(mistakesOf('exporters', 'prometheus', 'nonsense')).toMatch(BARE);
  expect(mistakesOf('processors', 'k8s_attributes', 'extract::labels[]::nonsense')).toMatch(BARE);
});

test('keys of own telemetry are ignored in each reader that has them', () => {
  const reader = (port: number, tls: object, more = {}) => ({ pull: { exporter: { prometheus: { port, tls, ...more } } } });
  const certificate = { cert_file: '/tls.crt', key_file: '/tls.key' };
  const readers = [
    reader(1, certificate),
    reader(2, { ...certificate, client_ca_file_reload: true }),
    reader(3, { ...certificate, ca_file: '/ca.crt' }),
    reader(4, certificate, { without_scope_info: true, without_units: true, without_type_suffix: false }),
  ];
  const config = {
    receivers: { dropreason: {} },
    exporters: { debug: {} },
    service: { telemetry: { metrics: { readers } }, pipelines: { metrics: { receivers: ['dropreason'], exporters: ['debug'] } } },
  };
  const { warnings } = loadConfig({ files: files(JSON.stringify(config)), env: {}, factories });
  expect(warnings.map(({ path }) => path.replace('service::telemetry::metrics::readers::', ''))).toEqual([
    '1::pull::exporter::prometheus::tls::client_ca_file_reload',
    '2::pull::exporter::prometheus::tls::ca_file',
    '3::pull::exporter::prometheus::without_scope_info',
    '3::pull::exporter::prometheus::without_units',
    '3::pull::exporter::prometheus::without_type_suffix',
  ]);
});

/** Of the documentation of each, with everything that it can have. */
const IGNORED = {
  batch: {
    timeout: '200ms',
    send_batch_size: 8192,
    send_batch_max_size: 0,
    metadata_keys: ['tenant'],
    metadata_cardinality_limit: 1000,
  },
  memory_limiter: {
    check_interval: '1s',
    limit_mib: 4000,
    spike_limit_mib: 800,
    limit_percentage: 80,
    spike_limit_percentage: 25,
    min_gc_interval_when_soft_limited: '10s',
    min_gc_interval_when_hard_limited: '0s',
  },
  resourcedetection: {
    detectors: ['env', 'system'],
    timeout: '5s',
    override: true,
    refresh_interval: '0s',
    system: { hostname_sources: ['os'], resource_attributes: { 'host.id': { enabled: true } } },
  },
  'resource_detection/cloud': { detectors: ['gcp'] },
};

test('pipelines with components that have no effect here run, with a warning each', () => {
  const config = {
    receivers: { dropreason: {} },
    processors: IGNORED,
    exporters: { debug: {} },
    service: { pipelines: { metrics: { receivers: ['dropreason'], processors: Object.keys(IGNORED), exporters: ['debug'] } } },
  };
  const { service, warnings } = loadConfig({ files: files(JSON.stringify(config)), env: {}, factories });
  expect(service.pipelines.get('metrics')?.processors).toEqual([]);
  const of = warnings.map(({ path, message }) => `${path} ${message}`);
  expect(of).toEqual(Object.keys(IGNORED).map((id) => expect.stringMatching(new RegExp(`^processors::${id} is ignored: .{20}`))));
});

const EXPORTER = {
  sending_queue: { enabled: true },
  add_metric_suffixes: true,
  translation_strategy: 'UnderscoreEscapingWithSuffixes',
  without_scope_info: true,
  send_timestamps: false,
};

function loadPrometheus(keys: object) {
  const config = {
    receivers: { dropreason: {} },
    exporters: { prometheus: keys },
    service: { pipelines: { metrics: { receivers: ['dropreason'], exporters: ['prometheus'] } } },
  };
  return loadConfig({ files: files(JSON.stringify(config)), env: { YES: 'true' }, factories });
}

test("prometheus ignores the values that say what it does anyway, also from the environment, and shows that it doesn't", () => {
  for (const keys of [EXPORTER, { ...EXPORTER, without_scope_info: '${env:YES}' }]) {
    const { warnings } = loadPrometheus(keys);
    expect(warnings.map(({ path }) => path)).toEqual(Object.keys(EXPORTER).map((key) => `exporters::prometheus::${key}`));
    expect(warnings.map(({ message }) => message)).toEqual(warnings.map(() => expect.stringMatching(/^is ignored: .{20}/)));
  }
});

test.each([
  ['add_metric_suffixes', false, /must be true: names/],
  ['translation_strategy', 'NoTranslation', /must be "UnderscoreEscapingWithSuffixes": names/],
  ['without_scope_info', false, /must be true: there is one scope/],
  ['send_timestamps', true, /must be false: a scrape reads/],
  ['send_timestamps', '${env:YES}', /must be false: a scrape reads/],
])('prometheus refuses %s: %s', (key, value, message) => {
  expect(() => loadPrometheus({ ...EXPORTER, [key]: value })).toThrow(message);
});
