import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, WITH_ACCEPTS } from '../support/agent.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { Namespace } from '../support/namespace.ts';
import { whyNotHere } from '../support/requirements.ts';

const COUNT = 'dropreason_drop_count_total';
const BYTES = 'dropreason_drop_bytes_total';

describe.skipIf(whyNotHere(['ip', 'taskset', 'setpriv']) !== undefined)('the agent counts', () => {
  let namespace: Namespace;
  const here = () => ({ reason: 'NO_SOCKET', network_namespace_inode: String(namespace.inode) });

  beforeAll(() => {
    namespace = new Namespace();
  });
  afterAll(() => namespace?.remove());

  test('what was dropped before a scrape in that scrape, packets and bytes, 20 times', async () => {
    const agent = await Agent.start();
    let [packets, bytes] = [0, 0];
    try {
      for (let round = 1; round <= 20; round++) {
        const count = 1 + ((round * 37) % 50);
        packets += count;
        bytes += namespace.drop(count, { payloadBytes: 10 * round });
        const series = await agent.scrape();
        expect(sum(pick(series, COUNT, here())), `round ${round}`).toBe(packets);
        expect(sum(pick(series, BYTES, here())), `round ${round}`).toBe(bytes);
      }
      expect(pick(await agent.scrape(), COUNT, here())).toMatchObject([
        { labels: { direction: 'ingress', reason: 'NO_SOCKET' } },
      ]);
    } finally {
      expect(await agent.stop()).toMatchObject({ code: 0 });
    }
  });

  test('alike in two scrapes at once', async () => {
    const agent = await Agent.start();
    try {
      namespace.drop(30);
      const scrapes = await Promise.all([agent.scrape(), agent.scrape(), agent.scrape()]);
      for (const series of scrapes) expect(sum(pick(series, COUNT, here()))).toBe(30);
    } finally {
      await agent.stop();
    }
  });

  test('by CPU where percpu_sum is left out', async () => {
    const agent = await Agent.start({ processors: {}, receiver: { attributes: [] } });
    const before = await agent.scrape();
    const noSocket = (series: typeof before, cpu: number) => sum(pick(series, COUNT, { reason: 'NO_SOCKET', cpu: String(cpu) }));
    try {
      namespace.drop(40, { cpu: 0 });
      namespace.drop(25, { cpu: 1 });
      const after = await agent.scrape();
      // The whole machine is counted here, where other namespaces may drop too: never less than ours.
      expect(noSocket(after, 0) - noSocket(before, 0)).toBeGreaterThanOrEqual(40);
      expect(noSocket(after, 1) - noSocket(before, 1)).toBeGreaterThanOrEqual(25);
      // Calls, and drops that only the freeing function tells apart, are counted for all CPUs together.
      const packets = pick(after, COUNT).filter(({ labels }) => labels.class !== 'call' && labels.reason !== 'UNKNOWN_DROP');
      expect(packets.every(({ labels }) => /^\d+$/.test(labels.cpu ?? ''))).toBe(true);
    } finally {
      await agent.stop();
    }
  });

  test('by every opt-in attribute, and what failed by protocol too', async () => {
    const attributes = ['network.type', 'network.transport', 'network.interface.name', 'network.namespace.inode'];
    const agent = await Agent.start({ receiver: { attributes } });
    try {
      const bytes = namespace.drop(17);
      namespace.refuse(5);
      const series = await agent.scrape();
      const udp = { ...here(), network_type: 'ipv4', network_transport: 'udp', network_interface_name: 'lo' };
      expect(sum(pick(series, COUNT, udp))).toBe(17);
      expect(sum(pick(series, BYTES, udp))).toBe(bytes);
      // A refused SYN finds no socket either.
      expect(sum(pick(series, COUNT, { ...udp, network_transport: 'tcp' }))).toBe(5);
      const connects = { ...here(), reason: 'TCP_CONNECT_BASIC', error_type: 'ECONNREFUSED', network_transport: 'tcp' };
      expect(sum(pick(series, COUNT, { ...connects, network_type: 'ipv4', network_interface_name: 'unknown' }))).toBe(5);
    } finally {
      await agent.stop();
    }
  });

  test('from 0 on what users look for first', async () => {
    const agent = await Agent.start({ receiver: { attributes: [], hooks: WITH_ACCEPTS } });
    try {
      const series = await agent.scrape();
      const reasons = ['IPTABLE_RULE_DROP', 'IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', 'TCP_CLOSE_BASIC', 'UNKNOWN_DROP'];
      for (const reason of reasons) {
        const directions = pick(series, COUNT, { reason }).map(({ labels }) => labels.direction);
        expect(directions.sort(), reason).toEqual(['egress', 'forward', 'ingress', 'unknown']);
        expect(pick(series, BYTES, { reason }), reason).toHaveLength(4);
      }
      for (const reason of ['TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC']) {
        expect(pick(series, COUNT, { reason, class: 'call' }).length, reason).toBeGreaterThan(0);
        expect(pick(series, BYTES, { reason }), reason).toEqual([]);
      }
      expect(pick(series, COUNT, { reason: 'IPTABLE_NAT_DROP' }).every(({ value }) => value === 0)).toBe(true);
      const slots = pick(series, 'dropreason_receiver_lost_total').map(({ labels }) => labels.slot);
      expect(slots).toEqual(expect.arrayContaining(['fragment', 'not_packet', 'no_header', 'attributes_full', 'unlisted_full']));
      expect(pick(series, 'dropreason_receiver_hook_attached', { hook: 'kfree_skb' })).toMatchObject([{ value: 1 }]);
    } finally {
      await agent.stop();
    }
  });

  test("under Retina's names", async () => {
    const agent = await Agent.start({
      prometheus: { metric_names: 'retina' },
      processors: {
        percpu_sum: {},
        filter: {
          include: { match_type: 'strict', attributes: [{ key: 'network.namespace.inode', values: [namespace.inode] }] },
        },
      },
    });
    try {
      const bytes = namespace.drop(12);
      const series = await agent.scrape();
      expect(pick(series, 'networkobservability_drop_count', { reason: 'NO_SOCKET' })).toEqual([
        { name: 'networkobservability_drop_count', labels: { reason: 'NO_SOCKET', direction: 'ingress' }, value: 12 },
      ]);
      expect(sum(pick(series, 'networkobservability_drop_bytes', { reason: 'NO_SOCKET' }))).toBe(bytes);
      expect(pick(series, COUNT)).toEqual([]);
    } finally {
      await agent.stop();
    }
  });

  test('what a filter keeps', async () => {
    const only = { match_type: 'regexp', attributes: [{ key: 'reason', values: ['NO_.*'] }] };
    const agent = await Agent.start({ processors: { filter: { include: only }, percpu_sum: {} } });
    try {
      namespace.drop(7);
      const series = await agent.scrape();
      expect(sum(pick(series, COUNT, here()))).toBe(7);
      expect(pick(series, COUNT).filter(({ labels }) => !labels.reason?.startsWith('NO_'))).toEqual([]);
    } finally {
      await agent.stop();
    }
  });
});
