import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, MAIN, NODE } from '../support/agent.ts';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { Increases } from '../support/increases.ts';
import { pick, type Series, sum } from '../support/metrics_text.ts';
import { NODE_FLAGS } from '../support/node_flags.ts';
import { whyNotHere } from '../support/requirements.ts';
import { SpoofedFlood } from '../support/spoof.ts';

const COUNT = 'dropreason_drop_count_total';
const BYTES = 'dropreason_drop_bytes_total';
/** Flows of a generation, where the map is to be too small. */
const FEW = 1000;
const SERIES_MOST = 500;
const flows = (max_series = SERIES_MOST) => ({
  flow_attributes: { attributes: ['source.address', 'destination.address'], max_series },
});
/** Resident memory that more of the same flood may add, in bytes. */
const GROWTH_MOST = 30 << 20;

/** What rules of this machine dropped on its way out. */
const RULE = { reason: 'IPTABLE_RULE_DROP', direction: 'egress' };

function residentBytes({ process: { pid } }: Agent): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

describe.skipIf(whyNotHere(['ip', 'iptables', 'setpriv', 'cc', 'mount']) !== undefined)(
  'in advanced mode the agent tells',
  () => {
    let flood: SpoofedFlood;
    let mounted = '';

    beforeAll(() => {
      execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
      mounted = mountBpf();
      flood = new SpoofedFlood();
    });
    afterAll(() => {
      flood?.remove();
      unmountBpf(mounted);
    });

    /** Has it scraped again and again while so many are sent; how often. */
    async function scrapesDuring(agent: Agent, count: number, see: (series: Series[]) => void): Promise<number> {
      const { process: sender, sent } = flood.start(count);
      let scrapes = 0;
      for (; sender.exitCode === null; scrapes++) {
        see(await agent.scrape());
        await sleep(20);
      }
      await sent;
      return scrapes;
    }

    test('whose packets were dropped, IPv4 and IPv6, packets and bytes', async () => {
      const agent = await Agent.start({
        receiver: { mode: 'advanced', attributes: [] },
        processors: { percpu_sum: {}, flow_attributes: { prefix_ipv4: 8, prefix_ipv6: 16 } },
      });
      try {
        flood.send(300);
        flood.send(200, '::1');
        const series = await agent.scrape();
        const ipv4 = { ...RULE, source_address: '11.0.0.0/8', destination_address: '127.0.0.0/8', class: 'policy' };
        const ipv6 = { ...RULE, source_address: 'fd11::/16', destination_address: '::/16' };
        expect(sum(pick(series, COUNT, ipv4))).toBe(300);
        expect(sum(pick(series, BYTES, ipv4))).toBe(300 * 52);
        expect(sum(pick(series, COUNT, ipv6))).toBe(200);
        expect(sum(pick(series, BYTES, ipv6))).toBe(200 * 72);
        // What exists at 0 still does.
        expect(pick(series, COUNT, { ...RULE, source_address: undefined as never })).toBeDefined();
      } finally {
        expect(await agent.stop()).toMatchObject({ code: 0 });
      }
    });

    test('all of a flood that fills the map, in bounded memory, and answers meanwhile', async () => {
      const agent = await Agent.start(
        {
          receiver: { mode: 'advanced', attributes: [], flows: { max_entries: FEW } },
          processors: { percpu_sum: {}, ...flows() },
        },
        // As scripts/start.sh has it.
        { command: [NODE, ...NODE_FLAGS, MAIN] },
      );
      try {
        const before = flood.dropped;
        const first = await agent.scrape();
        // The heap grows to what a flood takes of it, and no further.
        // Series end meanwhile, so that what they rose by is summed at each scrape.
        const [drops, octets] = [new Increases(), new Increases()];
        const see = (series: Series[]) => {
          drops.add(pick(series, COUNT, RULE));
          octets.add(pick(series, BYTES, RULE));
        };
        see(first);
        const [earlier, earlierOctets] = [drops.sum, octets.sum];
        await scrapesDuring(agent, 2_000_000, see);
        const memory = residentBytes(agent);
        expect(await scrapesDuring(agent, 5_000_000, see)).toBeGreaterThan(5);
        const growth = residentBytes(agent) - memory;
        const last = await agent.scrape();
        const dropped = flood.dropped;
        see(last);
        expect(drops.sum - earlier).toBe(dropped.packets - before.packets);
        expect(octets.sum - earlierOctets).toBe(dropped.bytes - before.bytes);
        expect(sum(pick(last, COUNT, { ...RULE, otel_metric_overflow: 'true' }))).toBeGreaterThan(5_000_000);
        expect(pick(last, COUNT, RULE).length).toBeLessThanOrEqual(SERIES_MOST + 10);
        expect(growth).toBeLessThan(GROWTH_MOST);
      } finally {
        await agent.stop();
      }
    }, 300_000);

    test('nothing twice and all of it after it was killed in a flood', async () => {
      const directory = join(mounted, 'flows');
      const start = () =>
        Agent.start({
          receiver: { mode: 'advanced', attributes: [], flows: { max_entries: FEW }, pin: true, pin_path: directory },
          processors: { percpu_sum: {}, ...flows() },
        });
      const counted = (series: Series[]) => sum(pick(series, COUNT, RULE));
      let agent = await start();
      const before = flood.dropped.packets;
      const first = counted(await agent.scrape());
      const { process: sender, sent } = flood.start(4_000_000);
      let lastSeen = first;
      for (let kill = 0; kill < 4; kill++) {
        await sleep(300);
        lastSeen = counted(await agent.scrape());
        await sleep(kill * 10);
        agent.kill();
        await agent.exit;
        agent = await start();
        const now = counted(await agent.scrape());
        expect(now).toBeGreaterThanOrEqual(lastSeen);
      }
      await sent;
      expect(sender.exitCode).toBe(0);
      const last = counted(await agent.scrape());
      await agent.stop();
      execFileSync(NODE, [
        MAIN,
        'unpin',
        '--set',
        `receivers.dropreason.pin_path=${directory}`,
        '--set',
        'receivers.dropreason.pin=true',
      ]);
      expect(last - first).toBe(flood.dropped.packets - before);
    }, 90_000);
  },
);
