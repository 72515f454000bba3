import { describe, expect, test } from 'vitest';
import { UNKNOWN, WORLD } from '../../../../src/processors/k8s_attributes/who_is_who.ts';
import { end, flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { nodeObject, podObject, serviceObject, sliceObject } from '../../../support/kube_objects.ts';
import { batch, row } from '../../../support/rows.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';
import { Stage, told } from './stage.ts';

const A = podObject('a', { ips: ['10.0.0.1', 'fd00::1'] });
const B = podObject('b', { ips: ['10.0.0.2'] });
const NOTHING = flowBatch([]);

describe('the ends of a flow', () => {
  test('are pods, nodes and services by their addresses, IPv4 and IPv6', async () => {
    const stage = await Stage.synced();
    stage.put('pods', A);
    stage.put('pods', B);
    stage.put('nodes', nodeObject('n1', ['192.168.0.1']));
    stage.put('services', serviceObject('web', ['10.96.0.1']));
    const flows = [flow('10.0.0.1', '10.0.0.2'), flow('fd00::1', '10.96.0.1'), flow('192.168.0.1', '10.0.0.2')];
    const given = flowBatch(flows);
    const handed = stage.consume(given);
    expect(told(handed)).toEqual(['a -> b: 1', 'a -> web: 1', 'n1 -> b: 1']);
    expect(handed).toEqual({ ...given, flows: { ...given.flows, rows: expect.anything() } });
    const bare = rowsOf(handed.flows).map(({ source, destination, ...rest }) => {
      return { ...rest, source: end(source.address?.text ?? ''), destination: end(destination.address?.text ?? '') };
    });
    expect(JSON.stringify(bare?.map((each) => ({ ...each })))).toBe(
      JSON.stringify(flows.map(({ source, destination, ...rest }) => ({ ...rest, source, destination }))),
    );
  });

  test('that nothing is known of are world', async () => {
    const stage = await Stage.synced({ pending_timeout: 0 });
    stage.put('pods', A);
    const [made] = rowsOf(stage.consume(flowBatch([flow('10.0.0.1', '1.1.1.1')])).flows);
    expect(made?.destination.attributes).toBe(WORLD);
    expect(WORLD.values).toEqual({ 'k8s.namespace.name': 'world', 'k8s.pod.name': 'world' });
  });

  test.each(['', '127.0.0.1', '224.0.0.251', '169.254.1.1', 'fe80::1', 'ff02::1', '255.255.255.255'])(
    'without an address of one host (%j) are unknown, and wait for nothing',
    async (address) => {
      const stage = await Stage.synced();
      stage.put('pods', A);
      const [made] = rowsOf(stage.consume(flowBatch([flow('10.0.0.1', address)])).flows);
      expect(made?.destination.attributes).toBe(UNKNOWN);
    },
  );

  test.each(['pods', 'nodes', 'services', 'endpointslices'])(
    'are unknown, not world, while %s are not in step',
    async (resource) => {
      const stage = await Stage.synced({ pending_timeout: 0 });
      const informer = stage.informers.get(resource);
      if (informer !== undefined) informer.inStep = false;
      expect(told(stage.consume(flowBatch([flow('10.0.0.1', '1.1.1.1')])))).toEqual(['unknown -> unknown: 1']);
    },
  );

  test('may be behind a service without being a pod that is asked for', async () => {
    const stage = await Stage.synced({ filter: { node: 'n1' } });
    stage.put('pods', A);
    stage.put('endpointslices', sliceObject('web', ['10.0.9.9']));
    const handed = stage.consume(flowBatch([flow('10.0.0.1', '10.0.9.9')]));
    expect(told(handed)).toEqual(['a -> web: 1']);
    expect(rowsOf(handed.flows)[0]?.destination.attributes.get('k8s.pod.name')).toBeUndefined();
  });
});

test('a batch without flows passes as it is', async () => {
  const stage = await Stage.synced();
  const given = batch([row({ reason: 'NO_SOCKET' }, 3)]);
  expect(stage.consume(given)).toBe(given);
});

describe('a flow whose end is not known yet', () => {
  test('goes to the pod that becomes known in time', async () => {
    const stage = await Stage.synced();
    stage.put('pods', B);
    expect(told(stage.consume(flowBatch([flow('10.0.0.1', '10.0.0.2', { drops: 3, bytes: 30 })])))).toEqual([]);
    stage.nowMillis += 1_000;
    stage.put('pods', A);
    const handed = stage.consume(flowBatch([flow('10.0.0.2', '10.0.0.1')]));
    expect(told(handed)).toEqual(['a -> b: 3', 'b -> a: 1']);
    expect(handed.flows?.node).toEqual({ drops: 1, bytes: 100 });
    expect(told(stage.consume(NOTHING))).toEqual([]);
  });

  test('goes to the pod that took the address, even where that has finished before the next read', async () => {
    const stage = await Stage.synced();
    stage.put('pods', B);
    stage.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    stage.put('pods', A);
    stage.put('pods', podObject('a', { ips: ['10.0.0.1'], phase: 'Succeeded' }));
    expect(told(stage.consume(NOTHING))).toEqual(['a -> b: 1']);
  });

  test('waits for both of its ends', async () => {
    const stage = await Stage.synced();
    stage.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    stage.put('pods', A);
    expect(told(stage.consume(NOTHING))).toEqual([]);
    stage.put('pods', B);
    expect(told(stage.consume(NOTHING))).toEqual(['a -> b: 1']);
  });

  test('is published as it is when its time is over, not before', async () => {
    const stage = await Stage.synced();
    stage.put('pods', B);
    stage.consume(flowBatch([flow('1.1.1.1', '10.0.0.2')]));
    stage.nowMillis += 4_999;
    expect(told(stage.consume(NOTHING))).toEqual([]);
    // Flows of one second wait as one.
    stage.nowMillis += 1_000;
    expect(told(stage.consume(NOTHING))).toEqual(['world -> b: 1']);
  });

  test('is unknown where the cluster was not known in time', async () => {
    const stage = new Stage();
    stage.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    await stage.processor.start(quietHost);
    stage.nowMillis += 10_000;
    expect(told(stage.consume(NOTHING))).toEqual(['unknown -> unknown: 1']);
  });

  test('waits as one with those that are equal to it, and apart from those that are not', async () => {
    const stage = await Stage.synced();
    stage.put('pods', B);
    const one = flow('1.1.1.1', '10.0.0.2', { drops: 2, bytes: 20 });
    const others = [{ port: 53 }, { transport: 'tcp' }, { interface: 'eth1' }, { netns: 1 }, { bytes: undefined, netns: 2 }];
    stage.consume(flowBatch([one, ...others.map((given) => ({ ...one, ...given })), flow('1.1.1.2', '10.0.0.2')]));
    stage.consume(flowBatch([one]));
    stage.nowMillis += 10_000;
    const rows = rowsOf(stage.consume(NOTHING).flows);
    expect(rows.map(({ drops, bytes }) => [drops, bytes])).toEqual([
      [4, 40],
      [2, 20],
      [2, 20],
      [2, 20],
      [2, 20],
      [2, undefined],
      [1, 100],
    ]);
  });

  test('does not wait where too many do, which is said once', async () => {
    const stage = await Stage.synced({}, { mostWaiting: 2 });
    const flows = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'].map((address) => flow('10.0.0.1', address));
    stage.put('pods', A);
    expect(told(stage.consume(flowBatch(flows)))).toEqual(['a -> world: 1', 'a -> world: 1']);
    expect(told(stage.consume(flowBatch(flows)))).toEqual(['a -> world: 1', 'a -> world: 1']);
    expect(stage.settings.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('is handed on at the end', async () => {
    const stage = await Stage.synced();
    stage.put('pods', B);
    stage.consume(flowBatch([flow('10.0.0.9', '10.0.0.2')]));
    await stage.processor.shutdown(100);
    const last = stage.sink.batches.at(-1);
    expect(last && told(last)).toEqual(['world -> b: 1']);
    expect(last).toMatchObject({ rows: [], losses: [], flows: { overflow: [], node: { drops: 0, bytes: 0 } } });
    await stage.processor.shutdown(100);
    expect(stage.sink.batches).toHaveLength(2);
    // A receiver that a reload has taken over may read once more before its pipeline is changed.
    expect(told(stage.consume(flowBatch([flow('10.0.0.9', '10.0.0.2')])))).toEqual(['world -> b: 1']);
  });
});

describe('wait_for_metadata', () => {
  test('has the start wait for the first lists', async () => {
    const stage = new Stage({ wait_for_metadata: true });
    let hasStarted = false;
    const starting = stage.processor.start(quietHost).then(() => {
      hasStarted = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasStarted).toBe(false);
    stage.sync();
    await starting;
  });

  test('fails where they take too long, saying which', async () => {
    const stage = new Stage({ wait_for_metadata: true, wait_for_metadata_timeout: '20ms', extract: { metadata: [] } });
    await expect(stage.processor.start(quietHost)).rejects.toThrow(
      'wait_for_metadata: not everything was known after 0.02s (k8s_attributes pods: listing; k8s_attributes namespaces: listing)',
    );
    await stage.processor.shutdown(100);
    expect([...stage.informers.values()].every(({ isStopped }) => isStopped)).toBe(true);
  });
});

test('its sources are told by the name of the processor and the resource', async () => {
  const stage = await Stage.synced({ extract: { metadata: [] } });
  expect(stage.processor.sources()).toEqual([
    { source: 'k8s_attributes pods', state: 'synced', ageMillis: 1_000, why: '' },
    { source: 'k8s_attributes namespaces', state: 'synced', ageMillis: 1_000, why: '' },
  ]);
});

test('a shutdown ends a start that waits, which is no failure', async () => {
  const stage = new Stage({ wait_for_metadata: true, wait_for_metadata_timeout: '1h' });
  const starting = stage.processor.start(quietHost);
  await new Promise((resolve) => setImmediate(resolve));
  await stage.processor.shutdown(1_000);
  await starting;
  expect([...stage.informers.values()].every(({ isStopped }) => isStopped)).toBe(true);
});

test('a shutdown before the client is loaded has the start begin nothing', async () => {
  const stage = new Stage({ wait_for_metadata: true });
  const starting = stage.processor.start(quietHost);
  await stage.processor.shutdown(1_000);
  await starting;
  expect(stage.processor.sources()).toEqual([]);
});

test.each([
  ['serviceAccount', 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set'],
  ['kubeConfig', 'KUBECONFIG points to it'],
])('a start without a cluster says what is missing for %s', async (authType, message) => {
  const before = process.env.KUBECONFIG;
  process.env.KUBECONFIG = '/nowhere/kubeconfig';
  const { k8sAttributesFactory: factory } = await import('../../../../src/processors/k8s_attributes/factory.ts');
  const config = factory.schema.parse({ auth_type: authType });
  const processor = await factory.create(makeSettings(), config, { consume: () => {} });
  await expect(processor.start(quietHost)).rejects.toThrow(message);
  await processor.shutdown(100);
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
});

test('in basic mode, where no batch has flows, deleted pods are forgotten too', async () => {
  const stage = await Stage.synced();
  stage.put('pods', A);
  stage.remove('pods', 'uid-a');
  stage.nowMillis += 120_000;
  stage.consume(batch([], { trigger: 'interval' }));
  const handed = stage.consume(flowBatch([flow('10.0.0.1', '127.0.0.1')]));
  expect(handed.flows?.endedPods).toBeUndefined();
  stage.nowMillis += 10_000;
  expect(told(stage.consume(NOTHING))).toEqual(['world -> unknown: 1']);
});
