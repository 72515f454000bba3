import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Processor } from '../../../../src/component/component.ts';
import { k8sAttributesFactory } from '../../../../src/processors/k8s_attributes/factory.ts';
import { flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { FakeKubeApi } from '../../../support/kube_api/fake_kube_api.ts';
import {
  namespaceObject,
  nodeObject,
  ownerObject,
  podObject,
  serviceObject,
  sliceObject,
} from '../../../support/kube_objects.ts';
import { Sink } from '../../../support/rows.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';
import { told } from './stage.ts';

let api: FakeKubeApi;
let running: Processor[] = [];
const before = process.env.KUBECONFIG;

beforeEach(async () => {
  api = await FakeKubeApi.start();
  process.env.KUBECONFIG = api.kubeConfigFile;
});

afterEach(async () => {
  await Promise.all(running.map((processor) => processor.shutdown(5_000)));
  running = [];
  await api.close();
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
});

async function start(config: Record<string, unknown> = {}) {
  const sink = new Sink();
  const settings = makeSettings('k8s_attributes');
  const given = k8sAttributesFactory.schema.parse({ auth_type: 'kubeConfig', ...config });
  const processor = await k8sAttributesFactory.create(settings, given, sink);
  running.push(processor);
  await processor.start(quietHost);
  return { processor, sink, settings };
}

/** Asks again and again; fails after 20 s. */
async function until(holds: () => boolean): Promise<void> {
  const began = Date.now();
  while (!holds()) {
    expect(Date.now() - began).toBeLessThan(20_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('pods of a cluster are known by list, and by watch', async () => {
  api.put('namespaces', namespaceObject('shop', { 'retina.sh': 'observe' }));
  api.put('nodes', nodeObject('n1', ['192.168.0.1'], { 'topology.kubernetes.io/zone': 'z1' }));
  api.put('pods', podObject('web-1', { ips: ['10.0.0.1', 'fd00::1'], owner: 'ReplicaSet/web-x/rs' }));
  api.put('replicasets', ownerObject('web-x', 'rs', 'Deployment/web/d'));
  api.put('services', serviceObject('web', ['10.96.0.1']));
  api.put('endpointslices', sliceObject('web', ['10.0.0.1']));
  const { processor, sink } = await start({ wait_for_metadata: true });
  processor.consume(flowBatch([flow('fd00::1', '10.96.0.1'), flow('192.168.0.1', '10.0.0.1')]));
  expect(
    rowsOf(sink.batches.at(-1)?.flows).map(({ source, destination }) => [
      source.attributes.values,
      destination.attributes.values,
    ]),
  ).toMatchObject([
    [
      {
        'k8s.pod.name': 'web-1',
        'k8s.deployment.name': 'web',
        'cloud.availability_zone': 'z1',
        'k8s.namespace.annotations.retina.sh': 'observe',
      },
      { 'k8s.namespace.name': 'shop', 'k8s.service.name': 'web' },
    ],
    [
      { 'k8s.node.name': 'n1', 'cloud.availability_zone': 'z1' },
      { 'k8s.pod.name': 'web-1', 'k8s.service.name': 'web' },
    ],
  ]);

  await until(() => api.watches() === 7);
  processor.consume(flowBatch([flow('10.0.0.2', '10.0.0.1', { drops: 5 })]));
  expect(rowsOf(sink.batches.at(-1)?.flows)).toEqual([]);
  api.put('pods', podObject('late', { ips: ['10.0.0.2'] }));
  await until(() => {
    processor.consume(flowBatch([]));
    return (sink.batches.at(-1)?.flows?.rows.length ?? 0) > 0;
  });
  expect(sink.batches.slice(-1).flatMap(told)).toEqual(['late -> web-1: 5']);
  expect(processor.sources?.().map(({ source, state }) => `${source}: ${state}`)).toContain('k8s_attributes pods: synced');
});

test("with node_from_env_var only this node's pods are asked for", async () => {
  process.env.DROPREASON_TEST_NODE = 'n1';
  api.put('pods', podObject('mine', { ips: ['10.0.0.1'] }));
  api.put('pods', podObject('yours', { ips: ['10.0.0.2'], node: 'n2' }));
  const filter = { node_from_env_var: 'DROPREASON_TEST_NODE' };
  const extract = { metadata: [] };
  const { processor, sink } = await start({ filter, extract, wait_for_metadata: true, pending_timeout: 0 });
  const read = () => {
    processor.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    return sink.batches.slice(-1).flatMap(told);
  };
  // Until the watch is open and has told what came after the list, the other may be a new pod.
  expect(read()).toEqual(['mine -> unknown: 1']);
  await until(() => read().includes('mine -> world: 1'));
  const pods = api.requests.filter(({ resource }) => resource === 'pods');
  expect(pods.every(({ query }) => query.fieldSelector === 'spec.nodeName=n1')).toBe(true);
  delete process.env.DROPREASON_TEST_NODE;
});

test("a MetricsConfiguration of Retina's is reported as not read, once", async () => {
  await api.close();
  api = await FakeKubeApi.start({ absent: [] });
  process.env.KUBECONFIG = api.kubeConfigFile;
  api.put('metricsconfigurations', { metadata: { name: 'drops' } });
  const { settings } = await start({ extract: { metadata: [] } });
  await until(() =>
    settings.lines.some(({ level, msg }) => level === 'warn' && msg.includes('MetricsConfiguration drops is not read')),
  );
  expect(api.requests.filter(({ resource }) => resource === 'metricsconfigurations')).toHaveLength(1);
});

test('a cluster without Retina is told of nothing', async () => {
  const { settings } = await start({ extract: { metadata: [] } });
  await until(() => api.requests.some(({ resource }) => resource === 'metricsconfigurations') && api.watches() === 2);
  expect(settings.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('the limit on objects is one for all resources together', async () => {
  for (const name of ['a', 'b']) api.put('pods', podObject(name, { ips: ['10.0.0.1'] }));
  api.put('namespaces', namespaceObject('shop'));
  const { processor, settings } = await start({ extract: { metadata: [] }, limits: { max_objects: 2 } });
  await until(() => settings.lines.some(({ level }) => level === 'error'));
  expect(settings.lines.find(({ level }) => level === 'error')?.msg).toMatch(
    /^can't list (pods|namespaces): the cluster has more than 2 objects of interest \(limits::max_objects\); raise the limit/,
  );
  expect(processor.sources?.().map(({ state }) => state)).toContain('retrying');
});

test('doctor tells what can be listed, and what keeps the processor from starting', async () => {
  api.fault({ resource: 'jobs', kind: 'status', code: 403 });
  const config = k8sAttributesFactory.schema.parse({ auth_type: 'kubeConfig', extract: { metadata: ['k8s.cronjob.name'] } });
  expect(await k8sAttributesFactory.diagnose?.('k8s_attributes', config)).toEqual([
    { subject: 'processors::k8s_attributes pods', status: 'ok', message: `can be listed at ${api.url}` },
    { subject: 'processors::k8s_attributes namespaces', status: 'ok', message: `can be listed at ${api.url}` },
    { subject: 'processors::k8s_attributes jobs', status: 'warn', message: expect.stringContaining('403') },
  ]);
  process.env.KUBECONFIG = '/nowhere/kubeconfig';
  expect(await k8sAttributesFactory.diagnose?.('k8s_attributes', config)).toEqual([
    { subject: 'processors::k8s_attributes', status: 'fail', message: expect.stringContaining('/nowhere/kubeconfig') },
  ]);
});

test('doctor shows no password of the server', async () => {
  const kubeConfig = JSON.parse(readFileSync(api.kubeConfigFile, 'utf8'));
  kubeConfig.clusters[0].cluster.server = api.url.replace('://', '://alice:hunter2@');
  const file = join(scratchDirectory(), 'kubeconfig');
  writeFileSync(file, JSON.stringify(kubeConfig));
  process.env.KUBECONFIG = file;
  const config = k8sAttributesFactory.schema.parse({ auth_type: 'kubeConfig' });
  const findings = await k8sAttributesFactory.diagnose?.('k8s_attributes', config);
  expect(findings?.[0]).toMatchObject({ subject: 'processors::k8s_attributes pods' });
  expect(JSON.stringify(findings)).not.toMatch(/alice|hunter2/);
});
