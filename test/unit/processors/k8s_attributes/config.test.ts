import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { factories } from '../../../../src/components.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { Cluster } from '../../../../src/processors/k8s_attributes/cluster/cluster.ts';
import { configSchema, METADATA } from '../../../../src/processors/k8s_attributes/config.ts';
import { nodeName } from '../../../../src/processors/k8s_attributes/node_name.ts';
import { watchedResources } from '../../../../src/processors/k8s_attributes/resources.ts';
import { mistakes } from '../../config/scratch.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/config/k8s_attributes');

/** What is asked of the API: paths by resource, with the query behind them. */
function asked(config: unknown, node?: string): Record<string, string> {
  const parsed = configSchema.parse(config);
  const watched = watchedResources(parsed, node, new Cluster({ metadata: new Set(), now: () => 0 }));
  const one = ({ path, query = {} }: { path: string; query?: Readonly<Record<string, string>> }) => {
    return [path, ...Object.entries(query).map((entry) => entry.join(' '))].join(' ? ');
  };
  return Object.fromEntries(watched.map(({ name, use }) => [name, use(one)]));
}

test.each(readdirSync(FIXTURES))('%s: each mistake is told in the words of the file', (name) => {
  const file = join(FIXTURES, name);
  const expected = [...readFileSync(file, 'utf8').matchAll(/^# error: (.*)$/gm)].map(([, error]) => error);
  expect(expected.length).toBeGreaterThan(0);
  expect(mistakes(() => loadConfig({ files: [file], sets: [], env: {}, factories }))).toEqual(expected);
});

test('the defaults', () => {
  expect(configSchema.parse({})).toEqual({
    auth_type: 'serviceAccount',
    filter: { labels: [] },
    extract: { metadata: [...METADATA], labels: [] },
    wait_for_metadata: false,
    wait_for_metadata_timeout: 10_000,
    limits: { max_objects: 200_000, max_object_bytes: 4_194_304, max_page_bytes: 268_435_456 },
    pending_timeout: 5_000,
  });
});

describe('what is asked of the API', () => {
  test('is everything of the whole cluster by default', () => {
    expect(asked({})).toEqual({
      pods: '/api/v1/pods',
      namespaces: '/api/v1/namespaces',
      nodes: '/api/v1/nodes',
      services: '/api/v1/services',
      endpointslices: '/apis/discovery.k8s.io/v1/endpointslices',
      replicasets: '/apis/apps/v1/replicasets',
      jobs: '/apis/batch/v1/jobs',
    });
  });

  test("with a node, its pods alone, and everybody's services", () => {
    const { pods, services, endpointslices } = asked({}, 'n1');
    expect(pods).toBe('/api/v1/pods ? fieldSelector spec.nodeName=n1');
    expect([services, endpointslices]).toEqual(['/api/v1/services', '/apis/discovery.k8s.io/v1/endpointslices']);
  });

  test('with a namespace, what a Role there can give', () => {
    expect(asked({ filter: { namespace: 'shop' } })).toEqual({
      pods: '/api/v1/namespaces/shop/pods',
      namespaces: '/api/v1/namespaces ? fieldSelector metadata.name=shop',
      nodes: '/api/v1/nodes',
      services: '/api/v1/namespaces/shop/services',
      endpointslices: '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices',
      replicasets: '/apis/apps/v1/namespaces/shop/replicasets',
      jobs: '/apis/batch/v1/namespaces/shop/jobs',
    });
  });

  test('with labels, pods that have them', () => {
    const labels = [
      { key: 'app', value: 'web' },
      { key: 'tier', value: 'db', op: 'not-equals' },
      { key: 'team', op: 'exists' },
      { key: 'canary', op: 'does-not-exist' },
    ];
    expect(asked({ filter: { labels } }).pods).toBe('/api/v1/pods ? labelSelector app=web,tier!=db,team,!canary');
  });

  test('is no more than what is to be told', () => {
    expect(Object.keys(asked({ extract: { metadata: [] } }))).toEqual(['pods', 'namespaces']);
    expect(Object.keys(asked({ extract: { metadata: ['k8s.cronjob.name'] } }))).toEqual(['pods', 'namespaces', 'jobs']);
    const labels = [{ key: 'pool', from: 'node' }];
    expect(Object.keys(asked({ extract: { metadata: [], labels } }))).toEqual(['pods', 'namespaces', 'nodes']);
  });
});

describe('filter::node_from_env_var', () => {
  const filter = configSchema.parse({ filter: { node_from_env_var: 'NODE_NAME' } }).filter;

  test('names the node', () => {
    expect(nodeName(filter, { NODE_NAME: 'n1' })).toBe('n1');
    expect(nodeName(configSchema.parse({ filter: { node: 'n2' } }).filter, {})).toBe('n2');
    expect(nodeName(configSchema.parse({}).filter, {})).toBeUndefined();
  });

  test.each([
    ['not set', {}],
    ['empty', { NODE_NAME: '' }],
  ])('of a variable that is %s, says what to write into the manifest', (how, env) => {
    expect(() => nodeName(filter, env)).toThrow(
      `filter::node_from_env_var: the environment variable NODE_NAME is ${how}; let the pod's manifest set it:
  env:
    - name: NODE_NAME
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName`,
    );
  });
});
