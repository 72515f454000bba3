import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { Agent, type AgentPorts, agentConfig } from './agent.ts';
import { Collector } from './collector.ts';
import { Flood } from './flood.ts';
import { Namespace } from './namespace.ts';
import { pointsWith } from './otlp_json.ts';
import { AGENT_MISSING, OTELCOL, PROMETHEUS, skipReason } from './peers.ts';
import { Prometheus } from './prometheus.ts';
import { waitFor } from './wait.ts';

const KILLS = 20;
/** Between the start and the kill: from none at all to longer than a scrape and a push take. */
const LIVES_MILLIS = [0, 50, 150, 400, 1_200];

describe.skipIf(skipReason(AGENT_MISSING, PROMETHEUS.missing, OTELCOL.missing))('an agent that is killed in a flood', () => {
  let mounted: string;
  let namespace: Namespace;
  let collector: Collector;

  beforeAll(async () => {
    mounted = mountBpf();
    collector = await Collector.start();
  });

  beforeEach(async () => {
    namespace = await Namespace.create();
  });

  afterEach(async () => {
    await namespace?.remove();
  });

  afterAll(async () => {
    await collector?.stop();
    unmountBpf(mounted);
  });

  const start = (receiver: object) =>
    Agent.start((ports) =>
      agentConfig(ports, {
        receiver: { ...receiver },
        exporters: { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true } } },
      }),
    );

  const series = (port: number) =>
    `dropreason_drop_count_total{reason="IPTABLE_RULE_DROP", network_namespace_inode="${namespace.inode}", instance="localhost:${port}"}`;

  /** Start times of the series of the flood, as a Collector was told them since `from`, in order. */
  const startTimes = (from: number) => [
    ...new Set(
      collector
        .received()
        .slice(from)
        .flatMap(({ sums }) =>
          pointsWith(sums.get('dropreason.drop.count'), {
            reason: 'IPTABLE_RULE_DROP',
            'network.namespace.inode': namespace.inode,
          }),
        )
        .map(({ startTime }) => startTime),
    ),
  ];

  test(`${KILLS} times, with pin: not one drop is lost, no counter falls, and the start time stays`, {
    timeout: 180_000,
  }, async () => {
    const told = collector.received().length;
    const agent = await start({ pin: true, pin_path: join(mounted, 'dropreason') });
    const prometheus = await Prometheus.start(agent.ports.metrics);
    const flood = await Flood.start(namespace);
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        await sleep(LIVES_MILLIS[kill % LIVES_MILLIS.length]);
        await agent.kill();
        await agent.restart();
      }
      const dropped = await flood.stop();
      await prometheus.nextScrape(agent.ports.metrics);
      const nested = (await prometheus.value('dropreason_receiver_lost_total{slot="nested"}')) ?? 0;
      const counted = (await prometheus.value(series(agent.ports.metrics))) ?? 0;
      expect(dropped).toBeGreaterThan(KILLS * 1_000);
      if (nested === 0) expect(counted).toBe(dropped);
      expect(counted).toBeLessThanOrEqual(dropped);
      expect(counted + nested).toBeGreaterThanOrEqual(dropped);
      expect(await prometheus.query('resets(dropreason_drop_count_total[1h]) > 0')).toEqual([]);
      expect(await prometheus.query('resets(dropreason_drop_bytes_total[1h]) > 0')).toEqual([]);
      const scraped = await prometheus.history(series(agent.ports.metrics));
      expect(scraped).toEqual(scraped.toSorted((a, b) => a - b));
      await waitFor('a push after the flood', () => (startTimes(told).length > 0 ? true : undefined));
      expect(startTimes(told)).toHaveLength(1);
    } finally {
      await flood.stop();
      await prometheus.stop();
      await agent.stop();
    }
  });

  test('three times, with pin and 50 drops each: to a backend it is one stream that ends at 150', {
    timeout: 60_000,
  }, async () => {
    const agent = await start({ pin: true, pin_path: join(mounted, 'three-lives') });
    const ids = (since: number) => [
      ...new Set(
        collector
          .received()
          .slice(since)
          .map(({ resource }) => resource['service.instance.id']),
      ),
    ];
    const last = () => {
      const sum = collector.received().at(-1)?.sums.get('dropreason.drop.count');
      const wanted = { reason: 'NO_SOCKET', 'network.namespace.inode': namespace.inode };
      return pointsWith(sum, wanted).reduce((total, { value = 0 }) => total + value, 0);
    };
    // What an agent of the test before has pushed last may still be on its way.
    let first = 0;
    try {
      for (let life = 1; life <= 3; life++) {
        if (life > 1) await agent.restart();
        await namespace.dropDatagrams(50);
        await waitFor(`a push of ${50 * life}`, () => (last() === 50 * life ? true : undefined));
        if (life === 1) first = collector.received().length - 1;
        await agent.kill();
      }
      expect(ids(first)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    } finally {
      await agent.stop();
    }
  });

  test('a reload that makes the pins anew, and a kill after it, count nothing twice', { timeout: 60_000 }, async () => {
    const told = collector.received().length;
    const configure = (ports: AgentPorts, receiver: object) =>
      agentConfig(ports, {
        receiver: { pin: true, pin_path: join(mounted, 'reloaded'), ...receiver },
        exporters: { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true } } },
      });
    const agent = await Agent.start((ports) => configure(ports, {}));
    const wanted = { reason: 'NO_SOCKET', 'network.namespace.inode': namespace.inode };
    /** What a backend adds up: the last value of each stream, by who speaks and since when. */
    const total = () => {
      const streams = new Map<string, number>();
      for (const { resource, sums } of collector.received().slice(told)) {
        for (const { startTime, attributes, value = 0 } of pointsWith(sums.get('dropreason.drop.count'), wanted)) {
          streams.set(JSON.stringify([resource['service.instance.id'], String(startTime), attributes]), value);
        }
      }
      return [...streams.values()].reduce((sum, value) => sum + value, 0);
    };
    try {
      await namespace.dropDatagrams(70);
      await waitFor('a push of 70', () => (total() === 70 ? true : undefined));
      agent.reload(configure(agent.ports, { attributes_max_entries: 1024 }));
      await waitFor('the reload', () => (agent.log.includes('configuration reloaded') ? true : undefined));
      await namespace.dropDatagrams(20);
      await waitFor('a push of 20', () => (total() === 90 ? true : undefined));
      await agent.kill();
      const pushes = collector.received().length;
      await agent.restart();
      await namespace.dropDatagrams(3);
      await waitFor('a push of 3', () => (total() === 93 ? true : undefined));
      await waitFor('another push', () => (collector.received().length > pushes + 2 ? true : undefined));
      expect(total()).toBe(93);
    } finally {
      await agent.stop();
    }
  });

  test('without pin: a new start time each time, and no increase that nobody dropped', { timeout: 120_000 }, async () => {
    const told = collector.received().length;
    const agent = await start({});
    const prometheus = await Prometheus.start(agent.ports.metrics);
    const flood = await Flood.start(namespace);
    try {
      for (const life of [1_500, 2_500, 1_500]) {
        await sleep(life);
        await agent.kill();
        await agent.restart();
      }
      await sleep(2_000);
      const dropped = await flood.stop();
      await prometheus.nextScrape(agent.ports.metrics);
      const scraped = await prometheus.history(series(agent.ports.metrics));
      // As rate() and increase() see it: a counter that is lower than before began anew at 0.
      const increase = scraped
        .slice(1)
        .reduce((sum, value, i) => sum + (value < (scraped[i] as number) ? value : value - (scraped[i] as number)), 0);
      expect(await prometheus.value(`resets(${series(agent.ports.metrics)}[1h])`)).toBeGreaterThan(0);
      expect(increase).toBeGreaterThan(0);
      expect(increase).toBeLessThanOrEqual(dropped);
      expect(startTimes(told).length).toBeGreaterThan(1);
      expect(startTimes(told)).toEqual(startTimes(told).toSorted());
    } finally {
      await flood.stop();
      await prometheus.stop();
      await agent.stop();
    }
  });
});
