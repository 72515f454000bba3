import { describe, expect, test } from 'vitest';
import { flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { nodeObject, podObject, sliceObject } from '../../../support/kube_objects.ts';
import { Stage, told } from './stage.ts';

const NODE = nodeObject('n1', ['192.168.0.1'], {}, { podCIDRs: ['10.244.1.0/24', 'fd00:0:0:1::/64'] });
const POD = podObject('a', { ips: ['10.244.1.5', 'fd00:0:0:1::5'] });

async function cluster(config: unknown = {}): Promise<Stage> {
  const stage = await Stage.synced(config);
  stage.put('nodes', NODE);
  stage.put('pods', POD);
  return stage;
}

/** What becomes of the flows in the end. */
function settled(stage: Stage, ...flows: Parameters<typeof flowBatch>[0]): string[] {
  const before = told(stage.consume(flowBatch(flows)));
  stage.nowMillis += 10_000;
  return [...before, ...told(stage.consume(flowBatch([])))];
}

describe("the node's own address in the pods' network is the node", () => {
  test.each(['10.244.1.0', '10.244.1.1', 'fd00:0:0:1::', 'fd00:0:0:1::1'])('%s, of its device or bridge', async (address) => {
    const stage = await cluster();
    expect(settled(stage, flow(address, '10.244.1.5'))).toEqual(['n1 -> a: 1']);
  });

  test('one of any other place in it too, once no pod can have it', async () => {
    const stage = await cluster();
    expect(told(stage.consume(flowBatch([flow('10.244.1.77', '10.244.1.5')])))).toEqual([]);
    stage.nowMillis += 10_000;
    expect(told(stage.consume(flowBatch([])))).toEqual(['n1 -> a: 1']);
  });

  test('a pod that has it goes first, even where it becomes known later', async () => {
    const stage = await cluster();
    stage.consume(flowBatch([flow('10.244.1.1', '10.244.1.5'), flow('10.244.1.77', '10.244.1.5')]));
    stage.put('pods', podObject('b', { ips: ['10.244.1.1'] }));
    stage.put('pods', podObject('c', { ips: ['10.244.1.77'] }));
    expect(told(stage.consume(flowBatch([])))).toEqual(['b -> a: 1', 'c -> a: 1']);
  });

  test('outside of it is the world', async () => {
    const stage = await cluster();
    expect(settled(stage, flow('10.244.2.1', '10.244.1.5'))).toEqual(['world -> a: 1']);
  });

  test('a pod that is not asked for is told of by its node, or by its service', async () => {
    const stage = await cluster({ filter: { node: 'n1' } });
    stage.put('nodes', nodeObject('n2', ['192.168.0.2'], {}, { podCIDRs: ['10.244.2.0/24'] }));
    stage.put('endpointslices', sliceObject('web', ['10.244.2.9']));
    expect(settled(stage, flow('10.244.2.8', '10.244.1.5'), flow('10.244.2.9', '10.244.1.5')).toSorted()).toEqual([
      'n2 -> a: 1',
      'web -> a: 1',
    ]);
  });

  test.each([
    'projectcalico.org/IPv4IPIPTunnelAddr',
    'projectcalico.org/IPv4VXLANTunnelAddr',
    'projectcalico.org/IPv4WireguardInterfaceAddr',
    'network.cilium.io/ipv4-cilium-host',
  ])('%s names one, wherever it is', async (annotation) => {
    const stage = await cluster();
    stage.put('nodes', nodeObject('n3', ['192.168.0.3'], {}, { annotations: { [annotation]: '10.99.3.64' } }));
    expect(told(stage.consume(flowBatch([flow('10.99.3.64', '10.244.1.5')])))).toEqual(['n3 -> a: 1']);
  });

  test('Calico pays no attention to podCIDR', async () => {
    const stage = await cluster();
    const annotations = { 'projectcalico.org/IPv4Address': '192.168.0.3/24' };
    stage.put('nodes', nodeObject('n3', ['192.168.0.3'], {}, { podCIDRs: ['10.244.3.0/24'], annotations }));
    expect(settled(stage, flow('10.244.3.1', '10.244.1.5'))).toEqual(['world -> a: 1']);
  });
});

describe("a pod on its node's network", () => {
  const EXPORTER = { ips: ['192.168.0.1'], hostNetwork: true, ports: [{ containerPort: 9100, hostPort: 9100, protocol: 'TCP' }] };
  const to = (port: number, transport = 'tcp') => flow('10.244.1.5', '192.168.0.1', { port, transport });

  test('is named where it alone has the port that a packet was for', async () => {
    const stage = await cluster();
    stage.put('pods', podObject('exporter', EXPORTER));
    const handed = stage.consume(flowBatch([to(9100), to(9100, 'udp'), to(9101), to(0)]));
    expect(told(handed)).toEqual(['a -> exporter: 1', 'a -> n1: 1', 'a -> n1: 1', 'a -> n1: 1']);
    expect(rowsOf(handed.flows)[0]?.destination.attributes.values).toMatchObject({
      'k8s.node.name': 'n1',
      'k8s.pod.uid': 'uid-exporter',
      'k8s.pod.ip': '192.168.0.1',
    });
  });

  test('is the node where it sends, since its own port is not known, and where it names no port', async () => {
    const stage = await cluster();
    stage.put('pods', podObject('exporter', EXPORTER));
    stage.put('pods', podObject('quiet', { ips: ['192.168.0.1'], hostNetwork: true }));
    expect(told(stage.consume(flowBatch([flow('192.168.0.1', '10.244.1.5', { port: 9100, transport: 'tcp' })])))).toEqual([
      'n1 -> a: 1',
    ]);
  });

  test('is the node where two say that the port is theirs', async () => {
    const stage = await cluster();
    stage.put('pods', podObject('exporter', EXPORTER));
    stage.put('pods', podObject('other', EXPORTER));
    expect(told(stage.consume(flowBatch([to(9100)])))).toEqual(['a -> n1: 1']);
    stage.put('pods', podObject('other', { ...EXPORTER, phase: 'Failed' }));
    expect(told(stage.consume(flowBatch([to(9100)])))).toEqual(['a -> exporter: 1']);
  });

  test('of another node is another one', async () => {
    const stage = await cluster();
    stage.put('nodes', nodeObject('n2', ['192.168.0.2']));
    stage.put('pods', podObject('exporter', EXPORTER));
    stage.put('pods', podObject('second', { ...EXPORTER, node: 'n2', ips: ['192.168.0.2'] }));
    const there = flow('10.244.1.5', '192.168.0.2', { port: 9100, transport: 'tcp' });
    expect(told(stage.consume(flowBatch([to(9100), there])))).toEqual(['a -> exporter: 1', 'a -> second: 1']);
  });

  test('is known for two minutes after it was deleted, until another has the port, and ends', async () => {
    const stage = await cluster();
    stage.put('pods', podObject('exporter', EXPORTER));
    stage.remove('pods', 'uid-exporter');
    const handed = stage.consume(flowBatch([to(9100)]));
    expect(told(handed)).toEqual(['a -> exporter: 1']);
    expect(handed.flows?.endedPods).toEqual(['uid-exporter']);
    stage.put('pods', podObject('next', EXPORTER));
    expect(told(stage.consume(flowBatch([to(9100)])))).toEqual(['a -> next: 1']);
    stage.remove('pods', 'uid-next');
    stage.nowMillis += 120_000;
    expect(told(stage.consume(flowBatch([to(9100)])))).toEqual(['a -> n1: 1']);
  });

  test('so is one with a network of its own that has a hostPort, on the address where it has it', async () => {
    const stage = await cluster();
    const ports = [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '127.0.0.1' },
    ];
    stage.put('pods', podObject('ingress', { ips: ['10.244.1.6'], ports }));
    expect(told(stage.consume(flowBatch([to(8080), to(53, 'udp'), flow('10.244.1.5', '10.244.1.6')])))).toEqual([
      'a -> ingress: 1',
      'a -> n1: 1',
      'a -> ingress: 1',
    ]);
  });
});

describe('an end that nothing is known of', () => {
  const behind = (stage: Stage, resource: string, millis: number) => {
    const informer = stage.informers.get(resource);
    if (informer !== undefined) informer.behind = millis;
  };

  test.each(['pods', 'nodes', 'services', 'endpointslices'])(
    'is unknown where the watch of %s has been down for longer than it has waited',
    async (resource) => {
      const stage = await cluster();
      stage.consume(flowBatch([flow('1.1.1.1', '10.244.1.5'), flow('10.244.1.77', '10.244.1.5')]));
      behind(stage, resource, 6_100);
      stage.nowMillis += 6_000;
      expect(told(stage.consume(flowBatch([])))).toEqual(['unknown -> a: 1', 'unknown -> a: 1']);
    },
  );

  test('is the world where it was down for less: a pod would have had the address before', async () => {
    const stage = await cluster();
    stage.consume(flowBatch([flow('1.1.1.1', '10.244.1.5')]));
    behind(stage, 'pods', 4_900);
    stage.nowMillis += 6_000;
    expect(told(stage.consume(flowBatch([])))).toEqual(['world -> a: 1']);
  });

  test('is the world whatever else is down', async () => {
    const stage = await cluster({ pending_timeout: 0 });
    for (const resource of ['namespaces', 'replicasets', 'jobs']) behind(stage, resource, 60_000);
    expect(told(stage.consume(flowBatch([flow('1.1.1.1', '10.244.1.5')])))).toEqual(['world -> a: 1']);
  });

  test("is the node's, down or not, where it is that of its bridge", async () => {
    const stage = await cluster({ pending_timeout: 0 });
    behind(stage, 'pods', 60_000);
    expect(told(stage.consume(flowBatch([flow('10.244.1.1', '10.244.1.5')])))).toEqual(['n1 -> a: 1']);
  });
});
