import { describe, expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { files, mistakes } from './scratch.ts';

interface Given {
  readonly exporters?: object;
  readonly extensions?: object;
  readonly running?: readonly string[];
  readonly reader?: object;
}

const AUTH = { auth: { authenticator: 'bearertokenauth' } };
const TOKEN = { bearertokenauth: { token: 'abc' } };

function load({ exporters = {}, extensions = {}, running = Object.keys(extensions), reader = {} }: Given) {
  const config = {
    receivers: { dropreason: {} },
    exporters: { debug: {}, ...exporters },
    extensions,
    service: {
      extensions: running,
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: reader } } }] } },
      pipelines: { metrics: { receivers: ['dropreason'], exporters: ['debug', ...Object.keys(exporters)] } },
    },
  };
  return loadConfig({ files: files(JSON.stringify(config)), env: {}, factories });
}

const mistakesOf = (given: Given) => mistakes(() => load(given)).map((each) => each.replace(/ \([^()]*\)$/, ''));

describe('an authenticator that runs may be named', () => {
  test.each([
    ['an endpoint', { exporters: { prometheus: AUTH } }],
    ['a push', { exporters: { otlp_grpc: { endpoint: 'a:1', ...AUTH } } }],
    ['a health check', { extensions: { ...TOKEN, health_check: AUTH } }],
    ['own telemetry', { reader: AUTH }],
  ])('by %s', (_, given) => {
    expect(mistakesOf({ extensions: TOKEN, ...given })).toEqual([]);
  });
});

describe('it is a mistake to name', () => {
  const prometheus = { exporters: { prometheus: AUTH } };
  const at = 'exporters::prometheus::auth::authenticator';

  test.each<[string, Given, string]>([
    ['nothing that is defined', prometheus, `${at}: "bearertokenauth" is not defined under extensions`],
    [
      'one that is misspelt',
      { ...prometheus, extensions: { 'bearertokenauth/a': { token: 'abc' } } },
      `${at}: "bearertokenauth" is not defined under extensions; did you mean "bearertokenauth/a"?`,
    ],
    [
      'one that does not run',
      { ...prometheus, extensions: TOKEN, running: [] },
      `${at}: "bearertokenauth" does not run: add it to service::extensions`,
    ],
    [
      'one that does something else',
      { exporters: { prometheus: { auth: { authenticator: 'health_check' } } }, extensions: { health_check: {} } },
      `${at}: "health_check" does not authenticate: name an extension that does, such as bearertokenauth`,
    ],
    [
      'one that only logs in',
      {
        exporters: { prometheus: { auth: { authenticator: 'basicauth' } } },
        extensions: { basicauth: { client_auth: { username: 'a', password: 'b' } } },
      },
      `${at}: "basicauth" has no htpasswd, which an endpoint needs`,
    ],
    [
      'one that only checks',
      {
        exporters: { otlp_http: { endpoint: 'https://a:1', auth: { authenticator: 'basicauth' } } },
        extensions: { basicauth: { htpasswd: { file: '/htpasswd' } } },
      },
      'exporters::otlp_http::auth::authenticator: "basicauth" has no client_auth, which an exporter needs',
    ],
    [
      'nothing, in own telemetry',
      { reader: AUTH },
      'service::telemetry::metrics::readers::0::pull::exporter::prometheus::auth::authenticator: "bearertokenauth" is not defined under extensions',
    ],
  ])('%s', (_, given, mistake) => {
    expect(mistakesOf(given)).toEqual([mistake]);
  });

  test('one that has a mistake itself is not a second mistake', () => {
    expect(mistakesOf({ ...prometheus, extensions: { bearertokenauth: {} } })).toEqual([
      'extensions::bearertokenauth: has no token: set token, tokens or filename',
    ]);
  });
});

describe('credentials without TLS', () => {
  const push = (type: string, endpoint: string, tls: object = {}) => ({
    exporters: { [type]: { endpoint, tls, ...AUTH } },
    extensions: TOKEN,
  });

  test.each([
    ['http://a:1', {}],
    ['a:1', { insecure: true }],
    ['unix:///a', { insecure: true }],
  ])('are a mistake over gRPC to %s with %o', (endpoint, tls) => {
    expect(mistakesOf(push('otlp_grpc', endpoint, tls))).toEqual([
      'exporters::otlp_grpc::auth: credentials are only sent over TLS: remove tls::insecure, or "http://" of the endpoint',
    ]);
  });

  test.each([
    ['http://a:1', 1],
    ['http://192.0.2.1', 1],
    ['https://a:1', 0],
    ['http://localhost:1', 0],
    ['http://127.0.0.2:1', 0],
    ['http://[::1]:1', 0],
  ])('over HTTP to %s have %i warnings', (endpoint, most) => {
    const warnings = load(push('otlp_http', endpoint)).warnings.filter(({ path }) => path.startsWith('exporters::'));
    expect(warnings).toHaveLength(most);
    for (const { message } of warnings) expect(message).toContain('sends credentials without TLS');
  });
});
