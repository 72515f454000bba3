import { describe, expect, test } from 'vitest';
import { factories } from '../../../../src/components.ts';
import { podDropsFactory } from '../../../../src/processors/pod_drops/factory.ts';
import { load, mistakes } from '../../config/scratch.ts';

/** A file with this under `processors`, on line 5; and its pipeline. */
function file(podDrops: string, processors = 'pod_drops'): string {
  return `receivers: {dropreason: }
exporters: {debug: }
processors:
  percpu_sum:
  pod_drops: ${podDrops}
service:
  pipelines:
    metrics: {receivers: [dropreason], processors: [${processors}], exporters: [debug]}
`;
}

const loaded = (podDrops: string) => load([file(podDrops)], { factories }).processors.get('pod_drops')?.config;

describe('the configuration of pod_drops', () => {
  test('has defaults for both contexts', () => {
    const labels = ['namespace', 'podname', 'workload'];
    const rest = { namespaces: {}, observe: 'all', metric_expiration: 120_000, max_series: 10_000 };
    expect(loaded('{}')).toMatchObject({ context: 'local', labels, ...rest });
    expect(loaded('{context: remote, source: [ip]}')).toMatchObject({ source: ['ip'], destination: labels });
    expect(loaded('{context: remote, source: []}')).toMatchObject({ source: [], destination: labels });
  });

  test.each([
    ['{source: [ip]}', 'source: is for context: remote; with context: local write labels (0.yaml:5:23)'],
    ['{destination: [ip]}', 'destination: is for context: remote; with context: local write labels (0.yaml:5:28)'],
    [
      '{context: remote, labels: [ip]}',
      'labels: is for context: local; with context: remote write source and destination (0.yaml:5:40)',
    ],
    ['{context: remote, source: [port]}', 'source: has no port: only destination ports are counted (0.yaml:5:40)'],
    ['{context: remote, source: [], destination: []}', 'source: is empty, and so is destination: name a label (0.yaml:5:40)'],
    ['{labels: [ip, ip]}', 'labels::1: "ip" is named twice (0.yaml:5:28)'],
    ['{namespaces: {include: [a], exclude: [b]}}', 'namespaces: give include or exclude, not both (0.yaml:5:27)'],
    ['{max_serie: 5}', 'max_serie: is not a known key; did you mean "max_series"? (0.yaml:5:15)'],
  ])('%s is a mistake', (given, message) => {
    expect(mistakes(() => loaded(given))).toEqual([`processors::pod_drops::${message}`]);
  });

  test('a pipeline without k8s_attributes before it is a warning', () => {
    const { warnings } = load([file('{}', 'percpu_sum, pod_drops')], { factories });
    expect(warnings).toMatchObject([
      {
        path: 'service::pipelines::metrics::processors::1',
        message: 'pod_drops sees no pods: put k8s_attributes before it',
        source: expect.stringMatching(/0\.yaml:8:/),
      },
    ]);
  });

  test('k8s_attributes without the uids of pods is a warning', () => {
    const before = [{ type: 'k8s_attributes', config: { filter: { node: 'a' }, extract: { metadata: ['k8s.pod.ip'] } } }];
    expect(podDropsFactory.advise?.(podDropsFactory.schema.parse({}), before)).toEqual([
      "can't tell when a pod has ended: add k8s.pod.uid to extract::metadata of k8s_attributes",
    ]);
  });

  test('context: local with the pods of all nodes is a warning', () => {
    const advise = (context: string, filter: unknown) =>
      podDropsFactory.advise?.(podDropsFactory.schema.parse({ context }), [{ type: 'k8s_attributes', config: { filter } }]);
    expect(advise('local', {})).toEqual([
      'counts the pods of all nodes with context: local: set filter::node_from_env_var of k8s_attributes',
    ]);
    expect(advise('local', { node_from_env_var: 'NODE_NAME' })).toEqual([]);
    expect(advise('local', { node: 'node-1' })).toEqual([]);
    expect(advise('remote', {})).toEqual([]);
  });
});
