import { describe, expect, test } from 'vitest';
import { factories } from '../../../../src/components.ts';
import { load, mistakes } from '../../config/scratch.ts';

/** A file with this under `processors`, on line 5; and its pipeline. */
function file(podDrops: string, processors = 'k8s_attributes, pod_drops'): string {
  return `receivers: {dropreason: {mode: advanced}}
exporters: {debug: }
processors:
  k8s_attributes: {filter: {node: a}}
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
    ['{labels: [ip, ip]}', 'labels::1: "ip" is listed twice (0.yaml:5:28)'],
    ['{namespaces: {include: [a], exclude: [b]}}', 'namespaces: give include or exclude, not both (0.yaml:5:27)'],
    ['{max_serie: 5}', 'max_serie: is not a known key; did you mean "max_series"? (0.yaml:5:15)'],
  ])('%s is a mistake', (given, message) => {
    expect(mistakes(() => loaded(given))).toEqual([`processors::pod_drops::${message}`]);
  });
});
