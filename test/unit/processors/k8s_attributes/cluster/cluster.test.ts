import { describe, expect, test } from 'vitest';
import type { PodGiven } from '../../../../support/kube_objects.ts';
import {
  namespaceObject,
  nodeObject,
  ownerObject,
  podObject,
  serviceObject,
  sliceObject,
} from '../../../../support/kube_objects.ts';
import { KnownCluster, key } from '../known_cluster.ts';

const IP = '10.0.0.1';

function withPod(given: PodGiven, config: unknown = {}): KnownCluster {
  const known = new KnownCluster(config);
  known.put('pods', podObject('a', { ips: [IP], ...given }));
  return known;
}

/** Attributes of a workload alone. */
function workload(known: KnownCluster): unknown {
  const kinds = /^k8s\.(deployment|replicaset|statefulset|daemonset|job|cronjob)\.name$/;
  return Object.fromEntries(Object.entries(known.who(IP) ?? {}).filter(([name]) => kinds.test(name)));
}

describe("a pod's workload", () => {
  test('is the Deployment of its ReplicaSet', () => {
    const known = withPod({ owner: 'ReplicaSet/odd/rs' });
    known.put('replicasets', ownerObject('odd', 'rs', 'Deployment/web/d'));
    expect(workload(known)).toEqual({ 'k8s.deployment.name': 'web' });
  });

  test('is it as soon as the ReplicaSet is known', () => {
    const known = withPod({ owner: 'ReplicaSet/odd/rs' });
    expect(workload(known)).toEqual({ 'k8s.replicaset.name': 'odd' });
    known.put('replicasets', ownerObject('odd', 'rs', 'Deployment/web/d'));
    expect(workload(known)).toEqual({ 'k8s.deployment.name': 'web' });
  });

  test('is told by the name where the ReplicaSet is not known, with pod-template-hash', () => {
    const labels = { 'pod-template-hash': '7d9c' };
    expect(workload(withPod({ owner: 'ReplicaSet/my-web-7d9c/rs', labels }))).toEqual({ 'k8s.deployment.name': 'my-web' });
  });

  test('is a ReplicaSet that nothing made', () => {
    const known = withPod({ owner: 'ReplicaSet/web-7d9c/rs', labels: { 'pod-template-hash': '7d9c' } });
    known.put('replicasets', ownerObject('web-7d9c', 'rs'));
    expect(workload(known)).toEqual({ 'k8s.replicaset.name': 'web-7d9c' });
  });

  test('is a ReplicaSet that something else than a Deployment made', () => {
    const known = withPod({ owner: 'ReplicaSet/web-7d9c/rs' });
    known.put('replicasets', ownerObject('web-7d9c', 'rs', 'Rollout/web/r'));
    expect(workload(known)).toEqual({ 'k8s.replicaset.name': 'web-7d9c' });
  });

  test('is the CronJob of its Job, told by the name where the Job is gone', () => {
    const known = withPod({ owner: 'Job/backup-29304120/j' });
    expect(workload(known)).toEqual({ 'k8s.cronjob.name': 'backup' });
    known.put('jobs', ownerObject('backup-29304120', 'j', 'CronJob/nightly/c'));
    expect(workload(known)).toEqual({ 'k8s.cronjob.name': 'nightly' });
  });

  test('is a Job that nothing made', () => {
    const known = withPod({ owner: 'Job/import-1/j' });
    known.put('jobs', ownerObject('import-1', 'j'));
    expect(workload(known)).toEqual({ 'k8s.job.name': 'import-1' });
  });

  test.each([
    ['StatefulSet/db/s', { 'k8s.statefulset.name': 'db' }],
    ['DaemonSet/log/d', { 'k8s.daemonset.name': 'log' }],
    ['Node/n1/n', {}],
    ['Workflow/flow/w', {}],
    [undefined, {}],
  ])('of %s is %j', (owner, expected) => {
    expect(workload(withPod(owner === undefined ? {} : { owner }))).toEqual(expected);
  });

  test('is the ReplicaSet where Deployments are not asked for, and then ReplicaSets are not watched', () => {
    const known = withPod({ owner: 'ReplicaSet/web-7d9c/rs' }, { extract: { metadata: ['k8s.replicaset.name'] } });
    expect(workload(known)).toEqual({ 'k8s.replicaset.name': 'web-7d9c' });
    expect(() => known.put('replicasets')).not.toThrow();
    expect(() => known.list('replicasets')).toThrow('not watched');
  });
});

describe('what a pod shows', () => {
  test('is all that is known of it', () => {
    const known = withPod({ owner: 'StatefulSet/db/s', annotations: { 'retina.sh': 'observe' } });
    known.put('nodes', nodeObject('n1', ['192.168.0.1'], { 'topology.kubernetes.io/zone': 'z1' }));
    known.put('namespaces', namespaceObject('shop', { 'retina.sh': 'observe', other: 'x' }));
    known.put('endpointslices', sliceObject('web', [IP]));
    expect(known.who(IP)).toEqual({
      'cloud.availability_zone': 'z1',
      'k8s.namespace.annotations.retina.sh': 'observe',
      'k8s.namespace.name': 'shop',
      'k8s.node.name': 'n1',
      'k8s.pod.annotations.retina.sh': 'observe',
      'k8s.pod.ip': IP,
      'k8s.pod.name': 'a',
      'k8s.pod.uid': 'uid-a',
      'k8s.service.name': 'web',
      'k8s.statefulset.name': 'db',
    });
  });

  test('is what is asked for, the names of namespace and pod always', () => {
    const known = withPod({ owner: 'StatefulSet/db/s' }, { extract: { metadata: ['k8s.pod.uid'] } });
    expect(known.who(IP)).toEqual({ 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'a', 'k8s.pod.uid': 'uid-a' });
  });

  test('takes in labels of pod, namespace and node', () => {
    const labels = [{ key: 'app' }, { key: 'team', from: 'namespace', tag_name: 'team' }, { key: 'pool', from: 'node' }];
    const known = withPod({ labels: { app: 'web' } }, { extract: { metadata: [], labels } });
    known.put('namespaces', { metadata: { name: 'shop', uid: 'ns', labels: { team: 'red' } } });
    known.put('nodes', nodeObject('n1', [], { pool: 'big' }));
    expect(known.who(IP)).toMatchObject({ 'k8s.pod.labels.app': 'web', team: 'red', 'k8s.node.labels.pool': 'big' });
  });

  test('is the same object until it changes, whatever else does', () => {
    const known = withPod({});
    const before = known.cluster.find(key(IP));
    known.put('nodes', nodeObject('other', ['192.168.0.9']));
    known.put('namespaces', namespaceObject('shop'));
    known.put('pods', podObject('a', { ips: [IP], labels: { ignored: 'x' } }));
    expect(known.cluster.find(key(IP))).toBe(before);
    known.put('namespaces', namespaceObject('shop', { 'retina.sh': 'observe' }));
    expect(known.who(IP)).toMatchObject({ 'k8s.namespace.annotations.retina.sh': 'observe' });
    known.put('namespaces', namespaceObject('shop'));
    expect(known.cluster.find(key(IP))?.key).toBe(before?.key);
  });
});

describe('services', () => {
  test('of several, the first by name', () => {
    const known = withPod({});
    known.put('endpointslices', sliceObject('web', [IP]), sliceObject('api', [IP, '10.0.0.2']), sliceObject('x', ['10.0.0.2']));
    expect(known.who(IP)).toMatchObject({ 'k8s.service.name': 'api' });
    known.remove('endpointslices', 'uid-slice-shop-api-1');
    expect(known.who(IP)).toMatchObject({ 'k8s.service.name': 'web' });
  });

  test("another namespace's does not name a pod", () => {
    const known = withPod({});
    known.put('endpointslices', sliceObject('a', [IP], { namespace: 'other' }));
    expect(known.who(IP)).not.toHaveProperty('k8s.service.name');
  });

  test('a ClusterIP, IPv4 and IPv6, shows namespace and service', () => {
    const known = new KnownCluster();
    known.put('services', serviceObject('web', ['10.96.0.1', 'fd00::60']), serviceObject('headless', ['None']));
    for (const ip of ['10.96.0.1', 'fd00::60']) {
      expect(known.who(ip)).toEqual({ 'k8s.namespace.name': 'shop', 'k8s.service.name': 'web' });
    }
  });

  test('what stands behind one without being a known pod shows it too, and is nobody’s address else', () => {
    const known = new KnownCluster();
    known.put('endpointslices', sliceObject('database', ['203.0.113.1']));
    expect(known.who('203.0.113.1')).toBeUndefined();
    const values = known.cluster.findBehindService(key('203.0.113.1'))?.values;
    expect(values).toEqual({ 'k8s.namespace.name': 'shop', 'k8s.service.name': 'database' });
  });

  test('an address that has left its slice is no longer behind it', () => {
    const known = new KnownCluster();
    known.put('endpointslices', sliceObject('web', [IP, '10.0.0.2']), sliceObject('web', ['10.0.0.2']));
    expect(known.cluster.findBehindService(key(IP))).toBeUndefined();
    expect(known.cluster.findBehindService(key('10.0.0.2'))).toBeDefined();
  });
});

test("a node's address shows the node and its zone alone", () => {
  const known = new KnownCluster();
  known.put('nodes', nodeObject('n1', ['192.168.0.1', 'fd00::9'], { 'topology.kubernetes.io/zone': 'z1' }));
  for (const ip of ['192.168.0.1', 'fd00::9']) {
    expect(known.who(ip)).toEqual({ 'cloud.availability_zone': 'z1', 'k8s.node.name': 'n1' });
  }
  known.remove('nodes', 'uid-n1');
  expect(known.who('192.168.0.1')).toBeUndefined();
});

test('an object of which everything is missing harms nobody', () => {
  const known = new KnownCluster();
  for (const resource of ['pods', 'nodes', 'namespaces', 'services', 'endpointslices', 'replicasets', 'jobs']) {
    known.put(resource, { metadata: { name: '' } }, { metadata: { name: 'x', uid: 'x' }, spec: {}, status: {}, endpoints: null });
  }
  expect(known.who(IP)).toBeUndefined();
});
