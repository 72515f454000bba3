import type { File } from '../support/agent.ts';

export interface Ports {
  readonly node: number;
  readonly flows: number;
  readonly pods: number;
  readonly own: number;
}

/** Everything that grows, with small bounds. Reloads change `prefix`. */
export function configuration(ports: Ports, prefix: number): File {
  return {
    receivers: {
      dropreason: {
        mode: 'advanced',
        collection_interval: '2s',
        attributes: ['network.interface.name', 'network.namespace.inode'],
        attributes_max_entries: 64,
      },
    },
    processors: {
      percpu_sum: {},
      flow_attributes: { prefix_ipv4: prefix, max_series: 50, metric_expiration: '30s' },
      k8s_attributes: { auth_type: 'kubeConfig', filter: { node: 'n1' }, wait_for_metadata: true },
      pod_drops: { metric_expiration: '10s', max_series: 1_000 },
    },
    exporters: {
      'prometheus/node': { endpoint: `localhost:${ports.node}` },
      'prometheus/flows': { endpoint: `localhost:${ports.flows}` },
      'prometheus/pods': { endpoint: `localhost:${ports.pods}` },
    },
    service: {
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: ports.own } } } }] } },
      pipelines: {
        'metrics/node': { receivers: ['dropreason'], processors: ['percpu_sum'], exporters: ['prometheus/node'] },
        'metrics/flows': {
          receivers: ['dropreason'],
          processors: ['percpu_sum', 'flow_attributes'],
          exporters: ['prometheus/flows'],
        },
        'metrics/pods': {
          receivers: ['dropreason'],
          processors: ['percpu_sum', 'k8s_attributes', 'pod_drops'],
          exporters: ['prometheus/pods'],
        },
      },
    },
  };
}
