import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, type AgentOptions, agentConfig } from './agent.ts';
import { Collector } from './collector.ts';
import { Namespace } from './namespace.ts';
import { CUMULATIVE, pointsWith, type ReceivedExport, type ReceivedPoint } from './otlp_json.ts';
import { AGENT_MISSING, OTELCOL, skipReason } from './peers.ts';
import { waitFor } from './wait.ts';

const DATAGRAMS = 7;

interface Lab {
  /** Just before the agent was started, in milliseconds since the epoch. */
  startedMillis: number;
  agent: Agent;
  collector: Collector;
  namespace: Namespace;
}

/** A Collector, a namespace to drop packets in, and an agent that pushes: there before the tests of a block, and gone after them. */
function pushing(options: (lab: Lab) => AgentOptions, env: NodeJS.ProcessEnv = {}): Lab {
  const lab = {} as Lab;
  beforeAll(async () => {
    lab.namespace = await Namespace.create();
    lab.collector = await Collector.start();
    lab.startedMillis = Date.now();
    lab.agent = await Agent.start((ports) => agentConfig(ports, options(lab)), env);
  });
  afterAll(async () => {
    await lab.agent?.stop();
    await lab.collector?.stop();
    await lab.namespace?.remove();
  });
  return lab;
}

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing))('a Collector that the agent pushes to', () => {
  const lab = pushing(
    ({ collector }) => ({ exporters: { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true } } } }),
    { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test', K8S_NODE_NAME: 'node-1' },
  );

  const points = (received: ReceivedExport, metric: string): ReceivedPoint[] =>
    pointsWith(received.sums.get(metric), { reason: 'NO_SOCKET', 'network.namespace.inode': lab.namespace.inode });

  /** The first export in which the drops in the namespace have come to that many. */
  const exportWith = (drops: number) => lab.collector.exportOf(lab.namespace, drops);

  test('receives monotonic cumulative integers with the right value', async () => {
    const bytes = await lab.namespace.dropDatagrams(DATAGRAMS);
    const received = await exportWith(DATAGRAMS);
    const counts = received.sums.get('dropreason.drop.count');
    const sizes = received.sums.get('dropreason.drop.bytes');
    expect(counts).toMatchObject({ unit: '{drop}', monotonic: true, temporality: CUMULATIVE });
    expect(sizes).toMatchObject({ unit: 'By', monotonic: true, temporality: CUMULATIVE });
    expect(points(received, 'dropreason.drop.bytes').map(({ value }) => value)).toEqual([bytes]);
    const all = [...(counts?.points ?? []), ...(sizes?.points ?? [])];
    expect(all.filter(({ value }) => value === undefined)).toEqual([]);
    const [point] = points(received, 'dropreason.drop.count');
    expect(point?.attributes).toEqual({
      reason: 'NO_SOCKET',
      direction: 'ingress',
      class: expect.stringMatching(/^(error|unclassified)$/),
      'network.namespace.inode': lab.namespace.inode,
      'network.namespace.cookie': expect.any(Number),
      'network.namespace.name': lab.namespace.name,
    });
  });

  test('sees a start time that stays, lies after the start of the agent and not after any point', async () => {
    await lab.namespace.dropDatagrams(1);
    await exportWith(DATAGRAMS + 1);
    await lab.namespace.dropDatagrams(1);
    await exportWith(DATAGRAMS + 2);
    const starts = new Map<string, Set<bigint>>();
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const received of lab.collector.received()) {
      for (const point of received.sums.get('dropreason.drop.count')?.points ?? []) {
        const key = JSON.stringify(point.attributes);
        starts.set(key, (starts.get(key) ?? new Set()).add(point.startTime));
        expect(point.startTime).toBeGreaterThanOrEqual(BigInt(lab.startedMillis) * 1_000_000n);
        expect(point.startTime).toBeLessThanOrEqual(point.time);
        expect(point.time).toBeLessThanOrEqual(now);
      }
    }
    expect(starts.size).toBeGreaterThan(0);
    expect([...starts].filter(([, times]) => times.size !== 1).map(([key]) => key)).toEqual([]);
  });

  test('never sees a value fall', async () => {
    const last = new Map<string, number>();
    for (const received of lab.collector.received()) {
      for (const { attributes, value = 0 } of received.sums.get('dropreason.drop.count')?.points ?? []) {
        const key = JSON.stringify(attributes);
        expect(value, key).toBeGreaterThanOrEqual(last.get(key) ?? 0);
        last.set(key, value);
      }
    }
  });

  test('knows who is speaking', async () => {
    const [received] = await waitFor('a push', () =>
      lab.collector.received().length > 0 ? lab.collector.received() : undefined,
    );
    expect(received?.resource).toMatchObject({
      'service.name': 'dropreason',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': expect.stringMatching(/./),
      'host.name': hostname(),
      'os.type': 'linux',
      'k8s.node.name': 'node-1',
      'deployment.environment.name': 'test',
    });
  });
});

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing))(
  'a Collector that the agent pushes to under the names of Retina',
  () => {
    const lab = pushing(({ collector, namespace }) => ({
      // Retina's series know no namespace: only the rows of this one are let through.
      processors: {
        filter: {
          include: { match_type: 'strict', attributes: [{ key: 'network.namespace.inode', values: [namespace.inode] }] },
        },
      },
      exporters: { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true }, metric_names: 'retina' } },
    }));

    test('receives them as monotonic sums with the labels that Retina has', async () => {
      const bytes = await lab.namespace.dropDatagrams(DATAGRAMS);
      const labels = { reason: 'NO_SOCKET', direction: 'ingress' };
      const received = await waitFor('an export with the drops', () =>
        lab.collector.received().find(({ sums }) => pointsWith(sums.get('networkobservability_drop_count'), labels).length > 0),
      );
      const counts = received.sums.get('networkobservability_drop_count');
      const sizes = received.sums.get('networkobservability_drop_bytes');
      expect(counts).toMatchObject({ monotonic: true, temporality: CUMULATIVE });
      expect(sizes).toMatchObject({ monotonic: true, temporality: CUMULATIVE });
      expect(pointsWith(counts, labels)).toEqual([expect.objectContaining({ attributes: labels, value: DATAGRAMS })]);
      expect(pointsWith(sizes, labels)).toEqual([expect.objectContaining({ attributes: labels, value: bytes })]);
      expect([...received.sums.keys()].filter((name) => name.startsWith('dropreason.drop.'))).toEqual([]);
    });
  },
);

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing)).each<{ how: string; exporter: (collector: Collector) => object }>([
  { how: 'in the clear', exporter: ({ http }) => ({ endpoint: http }) },
  { how: 'as JSON', exporter: ({ http }) => ({ endpoint: http, encoding: 'json' }) },
  { how: 'over TLS with zstd', exporter: ({ https, ca }) => ({ endpoint: https, tls: { ca_file: ca }, compression: 'zstd' }) },
])('a Collector that the agent pushes to over HTTP $how', ({ exporter }) => {
  const lab = pushing(({ collector }) => ({ exporters: { otlp_http: exporter(collector) } }));

  test('receives monotonic cumulative integers with the right value', async () => {
    const bytes = await lab.namespace.dropDatagrams(DATAGRAMS);
    const labels = { reason: 'NO_SOCKET', 'network.namespace.inode': lab.namespace.inode };
    const received = await lab.collector.exportOf(lab.namespace, DATAGRAMS);
    const counts = received.sums.get('dropreason.drop.count');
    expect(counts).toMatchObject({ unit: '{drop}', monotonic: true, temporality: CUMULATIVE });
    expect(pointsWith(received.sums.get('dropreason.drop.bytes'), labels).map(({ value }) => value)).toEqual([bytes]);
    expect(received.resource).toMatchObject({ 'service.name': 'dropreason', 'host.name': hostname() });
  });
});
