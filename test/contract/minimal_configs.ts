import { fileURLToPath } from 'node:url';

// For k8s_attributes: without it, a home directory's own would be taken.
process.env.KUBECONFIG = fileURLToPath(new URL('../fixtures/kubeconfig.yaml', import.meta.url));

/**
 * The least that a component must be given to start beside others, by kind and type; the defaults where it isn't here.
 * Ports are ones that the system chooses, peers are ones that aren't there.
 */
export const MINIMAL_CONFIGS: Readonly<Record<string, unknown>> = {
  'processors::attributes': { actions: [{ key: 'class', action: 'delete' }] },
  'processors::resource': { attributes: [{ key: 'k8s.cluster.name', value: 'east', action: 'upsert' }] },
  'processors::filter': { exclude: { match_type: 'strict', attributes: [{ key: 'reason', values: ['NO_SOCKET'] }] } },
  'processors::k8s_attributes': { auth_type: 'kubeConfig' },
  'exporters::prometheus': { endpoint: 'localhost:0' },
  'exporters::otlp_grpc': { endpoint: 'localhost:1', tls: { insecure: true } },
  'exporters::otlp_http': { endpoint: 'http://localhost:1' },
  'exporters::file': { path: '/dev/stdout' },
  'extensions::bearertokenauth': { token: 'abc' },
  'extensions::basicauth': { client_auth: { username: 'a', password: 'b' } },
  'extensions::health_check': { endpoint: 'localhost:0' },
};
