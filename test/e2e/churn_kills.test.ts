import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { native } from '../../src/receivers/dropreason/probe.ts';
import { Agent } from '../support/agent.ts';
import { Bed } from '../support/bed.ts';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { whyNotHere } from '../support/requirements.ts';

const [ENTRIES, BEDS, KILLS, SCRAPES] = [16, 20, 5, 4];
/**
 * Two processes may differ by so much in what they call one beginning: each relates the kernel's clock to the day's, and one that saw
 * the series before it end doesn't begin the next before that read.
 */
const SAME_SECONDS = 0.1;
const ACCEPT = 'application/openmetrics-text; version=1.0.0';

/** A series as it was last seen. */
interface Seen {
  readonly value: number;
  readonly createdSeconds: number;
}

/** The series of beds in a scrape, by their labels. */
async function scrape({ port }: Agent): Promise<ReadonlyMap<string, Seen>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close', accept: ACCEPT } });
  const text = await response.text();
  const numbers = (suffix: string) =>
    new Map(
      [...text.matchAll(new RegExp(`^dropreason_drop_count_${suffix}\\{(.*"bed.*)\\} (\\S+)`, 'gm'))].map((match) => {
        return [match[1] as string, Number(match[2])];
      }),
    );
  const created = numbers('created');
  return new Map(
    [...numbers('total')].map(([labels, value]) => [labels, { value, createdSeconds: created.get(labels) ?? Number.NaN }]),
  );
}

describe.skipIf(whyNotHere(['ip', 'iptables', 'mount', 'setpriv', 'cc']) !== undefined)('an agent that is killed', () => {
  let mounted = '';
  const beds: Bed[] = [];

  beforeAll(() => {
    execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
    mounted = mountBpf();
  });
  afterAll(() => {
    for (const bed of beds) bed.remove();
    native().unpin(join(mounted, 'killed'));
    unmountBpf(mounted);
  });

  test('while more interfaces drop than there is room for: no series goes on below what it had, and one that ended begins anew', {
    timeout: 180_000,
  }, async () => {
    const receiver = {
      attributes: ['network.interface.name', 'network.namespace.inode'],
      attributes_max_entries: ENTRIES,
      attributes_expiration: '2s',
      pin: true,
      pin_path: join(mounted, 'killed'),
    };
    const seen = new Map<string, Seen>();
    let gone = new Set<string>();
    let cameBack = 0;
    const look = async (agent: Agent) => {
      const now = await scrape(agent);
      for (const [labels, { value, createdSeconds }] of now) {
        const before = seen.get(labels);
        if (before !== undefined) {
          const isAnew = createdSeconds > before.createdSeconds + SAME_SECONDS;
          if (gone.has(labels)) cameBack += 1;
          if (gone.has(labels)) expect(isAnew, `${labels} came back`).toBe(true);
          if (!isAnew) expect(value, labels).toBeGreaterThanOrEqual(before.value);
          expect(createdSeconds, labels).toBeGreaterThan(before.createdSeconds - SAME_SECONDS);
        }
        seen.set(labels, { value, createdSeconds });
      }
      gone = new Set([...seen.keys()].filter((labels) => !now.has(labels)));
    };
    for (let number = 1; number <= BEDS; number++) beds.push(new Bed(1_000 + number));
    let agent = await Agent.start({ receiver });
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        for (let round = 0; round < SCRAPES; round++) {
          // Some pause for long enough to end, or to make room for others.
          for (const [place, bed] of beds.entries()) if ((place + round + kill) % 3 !== 0) bed.drop(2);
          await look(agent);
        }
        // In the middle of an answer, or of what ends series.
        const answer = scrape(agent).catch(() => undefined);
        agent.kill();
        await Promise.all([agent.exit, answer]);
        agent = await Agent.start({ receiver });
        await look(agent);
      }
      expect(cameBack).toBeGreaterThan(0);
    } finally {
      agent.kill();
      await agent.exit;
    }
  });
});
