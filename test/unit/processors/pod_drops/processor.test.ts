import { describe, expect, test } from 'vitest';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { batch, row, START_MILLIS } from '../../../support/rows.ts';
import { NODE, pod, podDrops, UNKNOWN, WORLD } from './pods.ts';

const at = (source: ReturnType<typeof pod>, destination: ReturnType<typeof pod>, more = {}) =>
  flow('', '', { source, destination, ...more });
const SAID = { reason: 'IPTABLE_RULE_DROP', class: 'policy' };
const web = { 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'web', 'k8s.workload.kind': 'Pod' };
const db = { ...web, 'k8s.pod.name': 'db' };

describe('pod_drops with context: local', () => {
  test('counts a drop between two pods for both, each by its own direction', () => {
    expect(podDrops({}).pods(flowBatch([at(pod('web'), pod('db'), { drops: 3, bytes: 300 })])).rows).toEqual([
      { ...SAID, ...web, direction: 'egress', drops: 3, bytes: 300 },
      { ...SAID, ...db, direction: 'ingress', drops: 3, bytes: 300 },
    ]);
  });

  test('has the protocol where it is asked for, and then series of their own', () => {
    const flows = [
      at(WORLD, pod('db'), { transport: 'tcp' }),
      at(WORLD, pod('db'), { transport: 'udp', drops: 2, bytes: 200 }),
      at(WORLD, pod('db'), { transport: '', drops: 4, bytes: 400 }),
      at(WORLD, pod('db'), { transport: 'tcp', port: 80, drops: 8, bytes: 800 }),
    ];
    const said = { ...SAID, ...db, direction: 'ingress' };
    expect(podDrops({}).pods(flowBatch(flows)).rows).toEqual([{ ...said, drops: 15, bytes: 1500 }]);
    for (const config of [{}, { context: 'remote', source: [], destination: ['namespace', 'podname', 'workload'] }]) {
      const { rows } = podDrops({ ...config, attributes: ['network.transport'] }).pods(flowBatch(flows));
      expect(rows.map((each) => [each['network.transport' as keyof typeof each], each.drops, each.bytes])).toEqual([
        ['tcp', 9, 900],
        ['udp', 2, 200],
        [undefined, 4, 400],
      ]);
    }
  });

  test('what an earlier stage adds to the attributes is kept, and no errno', () => {
    const attributes = new AttributeSet({ reason: 'X', direction: 'egress', 'error.type': 'EPERM', cluster: 'east' });
    expect(podDrops({ labels: ['podname'] }).pods(flowBatch([at(WORLD, pod('db'), { attributes })])).rows).toEqual([
      { reason: 'X', direction: 'ingress', cluster: 'east', 'k8s.pod.name': 'db', drops: 1, bytes: 100 },
    ]);
  });

  test('counts no side that is the world, unknown or a node', () => {
    const flows = [at(WORLD, UNKNOWN), at(NODE, WORLD), at(WORLD, pod('db')), at(pod('web'), NODE)];
    expect(podDrops({}).pods(flowBatch(flows)).rows).toMatchObject([
      { 'k8s.pod.name': 'db', direction: 'ingress', drops: 1 },
      { 'k8s.pod.name': 'web', direction: 'egress', drops: 1 },
    ]);
  });

  test('a pod called unknown or world in another namespace is a pod', () => {
    expect(podDrops({}).pods(flowBatch([at(WORLD, pod('world'))])).rows).toHaveLength(1);
  });

  test('publishes the labels that are asked for, and the workload that there is', () => {
    const all = pod('web', {
      'k8s.pod.ip': '10.0.0.1',
      'k8s.deployment.name': 'web',
      'k8s.service.name': 'front',
      'cloud.availability_zone': 'a',
      'k8s.node.name': 'node-1',
    });
    const labels = ['ip', 'namespace', 'podname', 'workload', 'service', 'port', 'zone'];
    expect(podDrops({ labels }).pods(flowBatch([at(WORLD, all, { port: 443 })])).rows).toEqual([
      {
        ...SAID,
        direction: 'ingress',
        'k8s.pod.ip': '10.0.0.1',
        'k8s.namespace.name': 'shop',
        'k8s.pod.name': 'web',
        'k8s.deployment.name': 'web',
        'k8s.service.name': 'front',
        'cloud.availability_zone': 'a',
        'destination.port': 443,
        drops: 1,
        bytes: 100,
      },
    ]);
    expect(podDrops({ labels: ['namespace'] }).pods(flowBatch([at(WORLD, all), at(WORLD, pod('db'))])).rows).toEqual([
      { ...SAID, direction: 'ingress', 'k8s.namespace.name': 'shop', drops: 2, bytes: 200 },
    ]);
  });

  test('keeps calls without bytes, and sums them over errnos', () => {
    const call = (errno: string) =>
      at(pod('web'), WORLD, {
        attributes: new AttributeSet({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': errno }),
        bytes: undefined,
      });
    expect(podDrops({ labels: ['podname'] }).pods(flowBatch([call('ETIMEDOUT'), call('ECONNREFUSED')])).rows).toEqual([
      { reason: 'TCP_CONNECT_BASIC', class: 'call', direction: 'egress', 'k8s.pod.name': 'web', drops: 2, bytes: undefined },
    ]);
  });
});

describe('pod_drops with context: remote', () => {
  test('counts a drop once, with both sides, in the direction that the node saw', () => {
    const config = { context: 'remote', source: ['podname'], destination: ['namespace', 'podname', 'port'] };
    const flows = [at(pod('web'), pod('db'), { port: 5432 }), at(WORLD, pod('db')), at(WORLD, UNKNOWN), at(NODE, WORLD)];
    expect(podDrops(config).pods(flowBatch(flows)).rows).toEqual([
      {
        ...SAID,
        direction: 'ingress',
        'source.k8s.pod.name': 'web',
        'destination.k8s.namespace.name': 'shop',
        'destination.k8s.pod.name': 'db',
        'destination.port': 5432,
        drops: 1,
        bytes: 100,
      },
      {
        ...SAID,
        direction: 'ingress',
        'source.k8s.pod.name': 'world',
        'destination.k8s.namespace.name': 'shop',
        'destination.k8s.pod.name': 'db',
        drops: 1,
        bytes: 100,
      },
    ]);
  });
});

describe('pod_drops', () => {
  test('hands on rows, losses and flows as they are, and batches without flows too', () => {
    const given = flowBatch([at(pod('web'), WORLD)], { losses: [{ slot: 'nested', count: 1 }] });
    const { pods, ...rest } = podDrops({}).consume(given);
    expect(rest).toEqual(given);
    expect(rest.flows).toBe(given.flows);
    const plain = batch([row({ reason: 'A' }, 1, 1)]);
    expect(podDrops({}).consume(plain)).toEqual({ ...plain, pods: { rows: [], ended: [] } });
    expect(pods?.rows).toHaveLength(1);
  });

  test('hands on since when the drops are', () => {
    const given = flowBatch([at(pod('web'), WORLD)]);
    const since = { ...given, flows: { ...(given.flows as NonNullable<typeof given.flows>), sinceMillis: START_MILLIS } };
    expect(podDrops({}).consume(since).pods?.sinceMillis).toBe(START_MILLIS);
  });

  test.each([
    ['include', { include: ['shop'] }, ['web']],
    ['exclude', { exclude: ['shop'] }, ['dns']],
  ])('chooses pods by namespaces: %s', (_, namespaces, names) => {
    const flows = [at(pod('web'), pod('dns', { 'k8s.namespace.name': 'kube-system' }))];
    const { rows } = podDrops({ namespaces, labels: ['podname'] }).pods(flowBatch(flows));
    expect(rows).toMatchObject(names.map((name) => ({ 'k8s.pod.name': name })));
    expect(rows).toHaveLength(names.length);
  });

  test('chooses pods by the annotation on them or on their namespace, as it is at each read', () => {
    const { pods } = podDrops({ observe: 'annotated', labels: ['podname'] });
    const names = (more: Record<string, string>) => pods(flowBatch([at(WORLD, pod('web', more))])).rows.length;
    expect(names({})).toBe(0);
    expect(names({ 'k8s.pod.annotations.retina.sh': 'observe' })).toBe(1);
    expect(names({ 'k8s.namespace.annotations.retina.sh': 'observe' })).toBe(1);
    expect(names({ 'k8s.pod.annotations.retina.sh': 'ignore' })).toBe(0);
  });

  test('sums what finds no room, and what the kernel had none for, by reason and direction', () => {
    const { pods } = podDrops({ max_series: 1, labels: ['podname'] });
    const flows = [at(WORLD, pod('a')), at(WORLD, pod('b')), at(WORLD, pod('c')), at(pod('c'), WORLD)];
    const overflow = [row({ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy' }, 7, 700)];
    const over = { reason: 'IPTABLE_RULE_DROP', 'otel.metric.overflow': 'true' };
    const first = pods(flowBatch(flows, { overflow })).rows;
    expect(first).toHaveLength(3);
    expect(first).toContainEqual({ ...SAID, direction: 'ingress', 'k8s.pod.name': 'a', drops: 1, bytes: 100 });
    expect(first).toContainEqual({ ...over, direction: 'ingress', drops: 9, bytes: 900 });
    expect(first).toContainEqual({ ...over, direction: 'egress', drops: 1, bytes: 100 });
    expect(pods(flowBatch([at(WORLD, pod('b'))])).rows).toEqual([{ ...over, direction: 'ingress', drops: 1, bytes: 100 }]);
  });
});
