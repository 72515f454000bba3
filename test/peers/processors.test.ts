import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PARSERS_MISSING, PythonParsers } from '../support/prometheus/parsers.ts';
import { Agent, type AgentPorts, agentConfig, type Config } from './agent.ts';
import { Collector } from './collector.ts';
import { Namespace } from './namespace.ts';
import { pointsWith } from './otlp_json.ts';
import { AGENT_MISSING, OTELCOL, PROMETHEUS, PROMTOOL, skipReason } from './peers.ts';
import { Prometheus, promtoolCheck } from './prometheus.ts';
import { waitFor } from './wait.ts';

/** What was dropped in several namespaces becomes one series. */
const ACTIONS = [
  ...['network.namespace.inode', 'network.namespace.cookie', 'network.namespace.name', 'class'].map((key) => {
    return { key, action: 'delete' };
  }),
  { key: 'netns', value: 'test', action: 'insert' },
];
const RESOURCE = [
  { key: 'k8s.cluster.name', value: 'ea"st', action: 'upsert' },
  { key: 'team', from_attribute: 'service.name', action: 'insert' },
  { key: 'host.name', action: 'delete' },
];

/** For drops in these namespaces alone. */
function configFor(ports: AgentPorts, collector: Collector, namespaces: readonly Namespace[]): Config {
  const inodes = { key: 'network.namespace.inode', values: namespaces.map(({ inode }) => inode) };
  const config = agentConfig(ports, {
    processors: {
      filter: { include: { match_type: 'strict', attributes: [inodes] } },
      attributes: { actions: ACTIONS },
      resource: { attributes: RESOURCE },
    },
    exporters: { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true } } },
  });
  const prometheus = {
    endpoint: `localhost:${ports.metrics}`,
    const_labels: { env: 'te\\st' },
    resource_constant_labels: { included: ['k8s.*', 'team'] },
  };
  return { ...config, exporters: { ...(config.exporters as object), prometheus } };
}

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing, PROMETHEUS.missing))('drops through attributes and resource', () => {
  let [agent, collector, prometheus] = [{} as Agent, {} as Collector, {} as Prometheus];
  const namespaces: Namespace[] = [];
  const totals = { drops: 0, bytes: 0 };

  beforeAll(async () => {
    namespaces.push(await Namespace.create(), await Namespace.create());
    collector = await Collector.start();
    agent = await Agent.start((ports) => configFor(ports, collector, namespaces));
    prometheus = await Prometheus.start(agent.ports.metrics, agent.ports.own);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await agent?.stop();
    await collector?.stop();
    for (const namespace of namespaces) await namespace.remove();
  });

  const drop = async (index: number, count: number) => {
    totals.bytes += (await namespaces[index]?.dropDatagrams(count)) ?? 0;
    totals.drops += count;
  };
  const inPrometheus = (metric: string) => prometheus.query(`${metric}{reason="NO_SOCKET", netns="test"}`);
  const inCollector = (metric: string) => {
    const received = collector.received().at(-1);
    return pointsWith(received?.sums.get(metric), { reason: 'NO_SOCKET', netns: 'test' });
  };

  test('are one exact series with what was set, in Prometheus', async () => {
    await drop(0, 7);
    await drop(1, 30);
    await prometheus.nextScrape(agent.ports.metrics);
    for (const [metric, value] of [
      ['dropreason_drop_count_total', totals.drops],
      ['dropreason_drop_bytes_total', totals.bytes],
    ] as const) {
      const [series, ...others] = await inPrometheus(metric);
      expect(others).toEqual([]);
      expect(series?.value).toBe(value);
      expect(series?.labels).toEqual({
        __name__: metric,
        job: expect.any(String),
        instance: expect.any(String),
        reason: 'NO_SOCKET',
        direction: 'ingress',
        netns: 'test',
        env: 'te\\st',
        k8s_cluster_name: 'ea"st',
        team: 'dropreason',
      });
    }
    const [target] = await prometheus.query(`target_info{instance="localhost:${agent.ports.metrics}"}`);
    expect(target?.labels).toMatchObject({ k8s_cluster_name: 'ea"st', team: 'dropreason' });
    expect(target?.labels).not.toHaveProperty('host_name');
    expect(target?.labels).not.toHaveProperty('env');
    // The agent's own metrics have the agent's resource. They are another target, scraped at another time.
    await prometheus.nextScrape(agent.ports.own);
    const [own] = await prometheus.query(`target_info{instance="localhost:${agent.ports.own}"}`);
    expect(own?.labels).toHaveProperty('host_name');
    expect(own?.labels).not.toHaveProperty('team');
  });

  test('are one exact point of that resource, in the Collector', async () => {
    await drop(0, 3);
    await waitFor('the push', () => (inCollector('dropreason.drop.count')[0]?.value === totals.drops ? true : undefined));
    const points = inCollector('dropreason.drop.count');
    expect(points.map(({ value, attributes }) => [value, attributes])).toEqual([
      [totals.drops, { reason: 'NO_SOCKET', direction: 'ingress', netns: 'test' }],
    ]);
    expect(inCollector('dropreason.drop.bytes').map(({ value }) => value)).toEqual([totals.bytes]);
    const resource = collector.received().at(-1)?.resource;
    expect(resource).toMatchObject({ 'service.name': 'dropreason', 'k8s.cluster.name': 'ea"st', team: 'dropreason' });
    expect(resource).not.toHaveProperty('host.name');
  });

  test('no sum falls, not at a reload either', async () => {
    await prometheus.nextScrape(agent.ports.metrics);
    agent.reload(configFor(agent.ports, collector, namespaces));
    await waitFor('the reload', () => (agent.log.includes('configuration reloaded') ? true : undefined));
    await drop(1, 11);
    await prometheus.nextScrape(agent.ports.metrics);
    expect((await inPrometheus('dropreason_drop_count_total')).map(({ value }) => value)).toEqual([totals.drops]);
    expect((await inPrometheus('dropreason_drop_bytes_total')).map(({ value }) => value)).toEqual([totals.bytes]);
    expect(await prometheus.query('resets(dropreason_drop_count_total[5m]) > 0')).toEqual([]);
    const values = collector.received().flatMap(({ sums }) => {
      return pointsWith(sums.get('dropreason.drop.count'), { reason: 'NO_SOCKET', netns: 'test' }).map(({ value = 0 }) => value);
    });
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  test.skipIf(skipReason(PARSERS_MISSING, PROMTOOL.missing))(
    'promtool and the official parsers have nothing to say',
    async () => {
      expect(promtoolCheck(await agent.scrape())).toBe('');
      const python = new PythonParsers();
      try {
        const accept = 'application/openmetrics-text; version=1.0.0';
        const open = await fetch(`http://localhost:${agent.ports.metrics}/metrics`, { headers: { accept } });
        expect(open.headers.get('content-type')).toContain('openmetrics');
        for (const [text, format] of [
          [await open.text(), 'openmetrics'],
          [await agent.scrape(), 'prometheus'],
        ] as const) {
          const samples = await python.parse(text, format);
          const counts = samples.filter(({ name, labels }) => name === 'dropreason_drop_count_total' && labels.netns === 'test');
          expect(counts.map(({ value, labels }) => [value, labels.env])).toEqual([[totals.drops, 'te\\st']]);
        }
      } finally {
        python.stop();
      }
    },
  );
});
