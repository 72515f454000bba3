import { expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { exposedEndpoints } from '../../../src/config/exposed.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { files } from './scratch.ts';

const TLS = { tls: { cert_file: '/tls.crt', key_file: '/tls.key' } };
const AUTH = { auth: { authenticator: 'bearertokenauth' } };

function exposed(prometheus: object, host = 'localhost', health = 'localhost:1'): string | undefined {
  const reader = { pull: { exporter: { prometheus: { host } } } };
  const config = {
    receivers: { dropreason: {} },
    exporters: { prometheus, 'prometheus/unused': { endpoint: '0.0.0.0:3' } },
    extensions: { health_check: { endpoint: health }, bearertokenauth: { token: 'abc' } },
    service: {
      extensions: ['health_check', 'bearertokenauth'],
      telemetry: { metrics: { readers: [reader] } },
      pipelines: { metrics: { receivers: ['dropreason'], exporters: ['prometheus'] } },
    },
  };
  return exposedEndpoints(loadConfig({ files: files(JSON.stringify(config)), env: {}, factories }));
}

test.each(['localhost:2', '127.0.0.1:2', '127.1.2.3:2', '[::1]:2', '[::ffff:127.0.0.1]:2'])('%s is not exposed', (endpoint) => {
  expect(exposed({ endpoint })).toBeUndefined();
});

test.each(['0.0.0.0:2', ':2', '[::]:2', '192.0.2.1:2', 'node-1:2'])('%s is, without tls and auth', (endpoint) => {
  expect(exposed({ endpoint })).toMatch(
    /^other hosts can reach exporters::prometheus \(.*:2\) without tls and auth: set both there, or /,
  );
  expect(exposed({ endpoint, ...AUTH })).toContain('with auth, but without tls');
  expect(exposed({ endpoint, ...TLS })).toBeUndefined();
  expect(exposed({ endpoint, ...TLS, ...AUTH })).toBeUndefined();
});

test('own telemetry is in the same line, and health_check in none', () => {
  expect(exposed({ endpoint: ':2' }, '0.0.0.0', '0.0.0.0:1')).toContain(
    'service::telemetry::metrics::readers::0::pull::exporter::prometheus (0.0.0.0:9465), exporters::prometheus (:2) without tls and auth',
  );
  expect(exposed({}, 'localhost', '0.0.0.0:1')).toBeUndefined();
});
