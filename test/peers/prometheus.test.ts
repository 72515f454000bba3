import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, agentConfig } from './agent.ts';
import { Namespace } from './namespace.ts';
import { freePort, listens } from './net.ts';
import { AGENT_MISSING, PROMETHEUS, PROMETHEUS3, PROMTOOL, skipReason } from './peers.ts';
import { Prometheus, promtoolCheck } from './prometheus.ts';
import { waitFor } from './wait.ts';

const RELOAD_MILLIS = 15_000;
/** On every kernel; by default accepts aren't counted where every other system call would pay for that. */
const receiver = { hooks: { accept: { attach: ['fexit', 'kprobe', 'tracepoint'] } } };

describe.skipIf(skipReason(AGENT_MISSING, PROMETHEUS.missing))('a Prometheus that scrapes the agent', () => {
  let agent: Agent;
  let prometheus: Prometheus;
  let namespace: Namespace;

  beforeAll(async () => {
    namespace = await Namespace.create();
    agent = await Agent.start((ports) => agentConfig(ports, { receiver }));
    prometheus = await Prometheus.start(agent.ports.metrics, agent.ports.own);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await agent?.stop();
    await namespace?.remove();
  });

  const noSocket = (metric: string) =>
    `sum(${metric}{reason="NO_SOCKET", network_namespace_inode="${namespace.inode}", instance="localhost:${agent.ports.metrics}"})`;

  test('answers with exactly what was dropped before the scrape', async () => {
    await prometheus.nextScrape(agent.ports.metrics);
    expect(await prometheus.value(noSocket('dropreason_drop_count_total'))).toBeUndefined();

    const firstBytes = await namespace.dropDatagrams(7);
    await prometheus.nextScrape(agent.ports.metrics);
    expect(await prometheus.value(noSocket('dropreason_drop_count_total'))).toBe(7);
    expect(await prometheus.value(noSocket('dropreason_drop_bytes_total'))).toBe(firstBytes);

    const moreBytes = await namespace.dropDatagrams(30, 500);
    await prometheus.nextScrape(agent.ports.metrics);
    expect(await prometheus.value(noSocket('dropreason_drop_count_total'))).toBe(37);
    expect(await prometheus.value(noSocket('dropreason_drop_bytes_total'))).toBe(firstBytes + moreBytes);

    // What docs/metrics.md advises for series that nobody could know beforehand.
    const series = `dropreason_drop_count_total{reason="NO_SOCKET", network_namespace_inode="${namespace.inode}"}`;
    expect(await prometheus.value(`(${series} unless ${series} offset 5m) or increase(${series}[5m])`)).toBe(37);
    expect(await prometheus.query('{__name__=~".+_created"}')).toEqual([]);
  });

  test('knows the direction and the class of a drop', async () => {
    await namespace.dropDatagrams(1);
    await prometheus.nextScrape(agent.ports.metrics);
    const series = await prometheus.query(
      `dropreason_drop_count_total{reason="NO_SOCKET", network_namespace_inode="${namespace.inode}"}`,
    );
    expect(series.map(({ labels }) => labels)).toEqual([
      expect.objectContaining({ direction: 'ingress', class: expect.stringMatching(/^(error|unclassified)$/) }),
    ]);
  });

  test('finds the rows of the seed at 0 before the first drop', async () => {
    await prometheus.nextScrape(agent.ports.metrics);
    const rows = await prometheus.query(
      'count by (reason) (dropreason_drop_count_total{reason=~"IPTABLE_RULE_DROP|IPTABLE_NAT_DROP|CONNTRACK_ADD_DROP|TCP_.*_BASIC|UNKNOWN_DROP"})',
    );
    expect(rows.map(({ labels }) => labels.reason).sort()).toEqual([
      'CONNTRACK_ADD_DROP',
      'IPTABLE_NAT_DROP',
      'IPTABLE_RULE_DROP',
      'TCP_ACCEPT_BASIC',
      'TCP_CLOSE_BASIC',
      'TCP_CONNECT_BASIC',
      'UNKNOWN_DROP',
    ]);
  });

  test("scrapes the agent's own metrics", async () => {
    await prometheus.nextScrape(agent.ports.own);
    expect(await prometheus.value('sum({__name__=~"dropreason_receiver_hook_attached.*", hook="kfree_skb"} > 0) > bool 0')).toBe(
      1,
    );
  });

  test.skipIf(skipReason(PROMTOOL.missing))('promtool has nothing to say, on either port', async () => {
    expect(promtoolCheck(await agent.scrape())).toBe('');
    expect(promtoolCheck(await agent.scrape(agent.ports.own))).toBe('');
  });

  test('sees no counter fall at a reload', async () => {
    await namespace.dropDatagrams(5);
    await prometheus.nextScrape(agent.ports.metrics);
    const before = (await prometheus.value(noSocket('dropreason_drop_count_total'))) ?? 0;
    const all = 'sum(dropreason_drop_count_total)';
    const allBefore = (await prometheus.value(all)) ?? 0;

    // An exporter more: that it listens shows that the new configuration is in force.
    const second = await freePort();
    const exporters = { 'prometheus/second': { endpoint: `localhost:${second}` } };
    agent.reload(agentConfig(agent.ports, { receiver, exporters }));
    await waitFor(
      'the exporter that the reload adds',
      async () => (await listens(second).catch(() => false)) || undefined,
      RELOAD_MILLIS,
    );

    await namespace.dropDatagrams(11);
    await prometheus.nextScrape(agent.ports.metrics);
    expect(await prometheus.value(noSocket('dropreason_drop_count_total'))).toBe(before + 11);
    expect(await prometheus.value(all)).toBeGreaterThanOrEqual(allBefore + 11);
    expect(await prometheus.query('resets(dropreason_drop_count_total[5m]) > 0')).toEqual([]);
    expect(await prometheus.query('resets(dropreason_drop_bytes_total[5m]) > 0')).toEqual([]);
  });
});

describe.skipIf(skipReason(AGENT_MISSING, PROMETHEUS3.missing))('a Prometheus that knows when a series began', () => {
  test('sees the first burst of a series that nobody could know beforehand as an increase', async () => {
    const agent = await Agent.start();
    const prometheus = await Prometheus.startWithCreatedTimestamps(agent.ports.metrics, agent.ports.own);
    const namespace = await Namespace.create();
    try {
      await prometheus.nextScrape(agent.ports.metrics);
      await namespace.dropDatagrams(196);
      await prometheus.nextScrape(agent.ports.metrics);
      await prometheus.nextScrape(agent.ports.own);
      const series = `dropreason_drop_count_total{reason="NO_SOCKET", network_namespace_inode="${namespace.inode}"}`;
      const [first, second] = await prometheus.history(series);
      expect([first, second]).toEqual([0, 196]);
      expect(await prometheus.value(`increase(${series}[5m])`)).toBeGreaterThanOrEqual(196);
      // What says when a series began is no series itself.
      expect(await prometheus.query('{__name__=~".+_created"}')).toEqual([]);
    } finally {
      await prometheus.stop();
      await agent.stop();
      await namespace.remove();
    }
  });
});
