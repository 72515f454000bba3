import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { Authority } from '../support/certificates.ts';
import { Agent, agentConfig } from './agent.ts';
import { Collector } from './collector.ts';
import { Flood } from './flood.ts';
import { Namespace } from './namespace.ts';
import { CUMULATIVE, pointsWith, type ReceivedExport, type ReceivedPoint } from './otlp_json.ts';
import { AGENT_MISSING, OTELCOL, skipReason } from './peers.ts';
import { waitFor } from './wait.ts';

const DELTA = 1;
const OUTAGE_MILLIS = 2_500;
/** Attempts are short, so that a Collector that says nothing is an outage soon. */
const EXPORTER = { timeout: '1s', retry_on_failure: { initial_interval: '200ms', max_interval: '1s' } };

interface Counted {
  readonly drops: number;
  readonly nested: number;
}

let namespace: Namespace;
let collector: Collector;

beforeEach(async () => {
  namespace = await Namespace.create();
  collector = await Collector.start();
});

afterEach(async () => {
  await collector?.stop();
  await namespace?.remove();
});

const ofFlood = () => ({ reason: 'IPTABLE_RULE_DROP', 'network.namespace.inode': namespace.inode });

/** A stream as a backend knows it: the points of who speaks, since when, of which attributes. Those of a delta are of its interval. */
function streams(received: readonly ReceivedExport[], name: string, wanted: Parameters<typeof pointsWith>[1] = {}) {
  const all = new Map<string, ReceivedPoint[]>();
  for (const { resource, sums } of received) {
    const sum = sums.get(name);
    for (const point of pointsWith(sum, wanted)) {
      const interval = [point.startTime, ...(sum?.temporality === DELTA ? [point.time] : [])].map(String);
      const key = JSON.stringify([resource['service.instance.id'], interval, point.attributes]);
      all.set(key, [...(all.get(key) ?? []), point]);
    }
  }
  // A Collector that was stopped answers connections in any order when it goes on, those that were given up too.
  for (const points of all.values()) points.sort((one, other) => Number(one.time - other.time));
  return all;
}

/** What a backend has that keeps the last value of each stream, and adds up deltas, those of one series and interval once. */
function counted(received: readonly ReceivedExport[]): Counted {
  const total = (name: string, wanted: Parameters<typeof pointsWith>[1]) =>
    [...streams(received, name, wanted).values()].reduce((all, points) => all + (points.at(-1)?.value ?? 0), 0);
  return {
    drops: total('dropreason.drop.count', ofFlood()),
    nested: total('dropreason.receiver.lost', { slot: 'nested' }),
  };
}

/** Every drop once. What softirqs dropped while our program ran may be in the slot `nested`, which is the whole node's. */
function isExact({ drops, nested }: Counted, dropped: number): boolean {
  return nested === 0 ? drops === dropped : drops <= dropped && drops + nested >= dropped;
}

/** States of the pushes, as the log has them. */
const states = (agent: Agent) => agent.log.match(/can't push|succeed again/g) ?? [];

async function recovered(agent: Agent, outages: number): Promise<void> {
  await waitFor(`recovery ${outages}`, () => (states(agent).length >= 2 * outages ? true : undefined));
}

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing)).each([
  { type: 'otlp_grpc', temporality: 'cumulative' },
  { type: 'otlp_grpc', temporality: 'delta' },
  { type: 'otlp_http', temporality: 'cumulative' },
  { type: 'otlp_http', temporality: 'delta' },
] as const)('a flood that $type pushes as $temporality', ({ type, temporality }) => {
  const exporter = () => {
    const target =
      type === 'otlp_grpc' ? { endpoint: collector.endpoint, tls: { insecure: true } } : { endpoint: collector.http };
    return { [type]: { ...target, ...EXPORTER, temporality } };
  };

  test('to a Collector that is stopped, killed, restarted and refuses: totals are exact, and each change of state is one line', {
    timeout: 120_000,
  }, async () => {
    const agent = await Agent.start((ports) => agentConfig(ports, { exporters: exporter() }));
    const flood = await Flood.start(namespace);
    try {
      await waitFor('a push', () => (counted(collector.received()).drops > 0 ? true : undefined));
      collector.pause();
      await sleep(OUTAGE_MILLIS);
      collector.resume();
      await recovered(agent, 1);
      await collector.kill();
      await sleep(OUTAGE_MILLIS);
      await collector.restart();
      await recovered(agent, 2);
      await collector.kill();
      await collector.restart({ refuses: true });
      await sleep(OUTAGE_MILLIS);
      await collector.kill();
      await collector.restart();
      await recovered(agent, 3);
      const dropped = await flood.stop();
      expect(dropped).toBeGreaterThan(10_000);
      await waitFor('all drops', () => (isExact(counted(collector.received()), dropped) ? true : undefined)).catch(() => {
        expect(counted(collector.received())).toEqual({ drops: dropped, nested: 0 });
      });
      // They stay exact.
      const pushes = collector.received().length;
      await waitFor('further pushes', () => (collector.received().length > pushes + 2 ? true : undefined));
      expect(isExact(counted(collector.received()), dropped)).toBe(true);
      expect(states(agent)).toEqual(Array.from({ length: 3 }, () => ["can't push", 'succeed again']).flat());
    } finally {
      await flood.stop();
      await agent.stop();
    }
    expectNoFall(collector.received());
  });

  test('to a Collector that is stopped for a while: to deltatocumulative it is the same', { timeout: 60_000 }, async () => {
    const agent = await Agent.start((ports) => agentConfig(ports, { exporters: exporter() }));
    const flood = await Flood.start(namespace);
    try {
      await waitFor('a push', () => (counted(collector.received()).drops > 0 ? true : undefined));
      for (let pause = 0; pause < 3; pause++) {
        collector.pause();
        await sleep(OUTAGE_MILLIS / 2);
        collector.resume();
        await sleep(OUTAGE_MILLIS / 2);
      }
      const dropped = await flood.stop();
      await waitFor('all drops', () => (isExact(counted(collector.receivedCumulative()), dropped) ? true : undefined)).catch(
        () => {
          expect(counted(collector.receivedCumulative())).toEqual({ drops: dropped, nested: 0 });
        },
      );
      const sums = collector.receivedCumulative().flatMap((each) => each.sums.get('dropreason.drop.count') ?? []);
      expect(new Set(sums.map((sum) => sum.temporality))).toEqual(new Set([CUMULATIVE]));
    } finally {
      await flood.stop();
      await agent.stop();
    }
    expectNoFall(collector.receivedCumulative());
  });
});

/** No cumulative series falls. */
function expectNoFall(received: readonly ReceivedExport[]): void {
  for (const [key, points] of streams(received, 'dropreason.drop.count')) {
    const values = points.map(({ value = 0 }) => value);
    expect(values, key).toEqual(values.toSorted((one, other) => one - other));
  }
}

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing))('deltas of pinned counts', () => {
  test('begin at the restart, and count nothing twice', { timeout: 60_000 }, async () => {
    const mounted = mountBpf();
    const exporters = { otlp_grpc: { endpoint: collector.endpoint, tls: { insecure: true }, temporality: 'delta' } };
    const receiver = { pin: true, pin_path: join(mounted, 'deltas') };
    const agent = await Agent.start((ports) => agentConfig(ports, { receiver, exporters }));
    const wanted = () => ({ reason: 'NO_SOCKET', 'network.namespace.inode': namespace.inode });
    const points = () => collector.received().flatMap(({ sums }) => pointsWith(sums.get('dropreason.drop.count'), wanted()));
    const sum = () => points().reduce((all, { value = 0 }) => all + value, 0);
    try {
      await namespace.dropDatagrams(50);
      await waitFor('a push of 50', () => (sum() === 50 ? true : undefined));
      await agent.kill();
      // The pinned programs count them.
      await namespace.dropDatagrams(20);
      const restartedMillis = Date.now();
      await agent.restart();
      await namespace.dropDatagrams(7);
      await waitFor('a push of 7', () => (sum() === 57 ? true : undefined));
      const pushes = collector.received().length;
      await waitFor('further pushes', () => (collector.received().length > pushes + 2 ? true : undefined));
      expect(sum()).toBe(57);
      expect(points().at(-1)?.startTime).toBeGreaterThan(BigInt(restartedMillis) * 1_000_000n);
      expect(await agent.scrape()).toMatch(/dropreason_drop_count_total\{.*NO_SOCKET.*\} 77\n/);
    } finally {
      await agent.stop();
      unmountBpf(mounted);
    }
  });
});

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing)).each([
  { protocol: 'grpc', endpoint: () => `http://${collector.endpoint}` },
  { protocol: 'http/protobuf', endpoint: () => collector.http },
])("the agent's own metrics over $protocol", ({ protocol, endpoint }) => {
  test('come at an interval, and a last time at the end', { timeout: 60_000 }, async () => {
    const reader = { periodic: { interval: 500, exporter: { otlp: { protocol, endpoint: endpoint() } } } };
    const agent = await Agent.start((ports) => agentConfig(ports, { readers: [reader] }));
    const last = (name: string) => {
      const sums = collector.received().flatMap(({ sums: all }) => all.get(name) ?? []);
      return sums.at(-1)?.points.reduce((all, { value = 0 }) => all + value, 0);
    };
    let reads = 0;
    try {
      await waitFor('two pushes', () => (collector.received().length >= 2 ? true : undefined));
      reads = Number(/^dropreason_receiver_reads_total\S* (\d+)$/m.exec(await agent.scrape(agent.ports.own))?.[1]);
    } finally {
      await agent.stop();
    }
    expect(reads).toBeGreaterThan(0);
    // The last read, at the end, is in the last push.
    await waitFor('the last push', () => ((last('dropreason.receiver.reads') ?? 0) > reads ? true : undefined));
    expect(collector.received()[0]?.resource).toMatchObject({ 'service.name': 'dropreason' });
  });
});

describe.skipIf(skipReason(AGENT_MISSING, OTELCOL.missing))('a Collector whose certificate is replaced in a flood', () => {
  test.each(['cumulative', 'delta'])('gets every drop, as %s', { timeout: 60_000 }, async (temporality) => {
    const folder = mkdtempSync(join(tmpdir(), 'dropreason-ca-'));
    const ca_file = join(folder, 'ca.crt');
    copyFileSync(collector.ca, ca_file);
    const exporters = { otlp_http: { endpoint: collector.https, tls: { ca_file }, ...EXPORTER, temporality } };
    const agent = await Agent.start((ports) => agentConfig(ports, { exporters }));
    const flood = await Flood.start(namespace);
    try {
      await waitFor('a push', () => (counted(collector.received()).drops > 0 ? true : undefined));
      const authority = new Authority(folder, 'other');
      await collector.replaceCertificate(authority.issue('server'));
      await waitFor('a failed push', () => (states(agent).length === 1 ? true : undefined));
      copyFileSync(authority.cert, ca_file);
      await recovered(agent, 1);
      const dropped = await flood.stop();
      await waitFor('all drops', () => (isExact(counted(collector.received()), dropped) ? true : undefined)).catch(() => {
        expect(counted(collector.received())).toEqual({ drops: dropped, nested: 0 });
      });
      expect(states(agent)).toEqual(["can't push", 'succeed again']);
    } finally {
      await flood.stop();
      await agent.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
