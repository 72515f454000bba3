/**
 * The least that a component must be given to start beside others, by kind and type; the defaults where it isn't here.
 * Ports are ones that the system chooses, peers are ones that aren't there.
 */
export const MINIMAL_CONFIGS: Readonly<Record<string, unknown>> = {
  'processors::filter': { exclude: { match_type: 'strict', attributes: [{ key: 'reason', values: ['NO_SOCKET'] }] } },
  'exporters::prometheus': { endpoint: 'localhost:0' },
  'exporters::otlp_grpc': { endpoint: 'localhost:1', tls: { insecure: true } },
  'extensions::health_check': { endpoint: 'localhost:0' },
};
