import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { native } from '../../src/receivers/dropreason/probe.ts';
import { Agent } from '../support/agent.ts';
import { Bed } from '../support/bed.ts';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { Increases } from '../support/increases.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { freePort } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';

const COUNT = 'dropreason_drop_count_total';
const RULE = { reason: 'IPTABLE_RULE_DROP' };
const [ENTRIES, DROPS] = [64, 5];
const ATTRIBUTES = ['network.interface.name', 'network.namespace.inode'];
const END_MILLIS = 60_000;

/** One agent after another, all with the same pins; what is asked of it is asked by a scraper, which sees more than one of them. */
class Pinned {
  readonly #options: { readonly receiver: object; readonly exporters: Readonly<Record<string, unknown>> };
  readonly #retina: number;
  readonly #increases = { own: new Increases(), all: new Increases() };
  #agent: Agent | undefined;

  private constructor(pin_path: string, attributes_expiration: string, retina: number) {
    const receiver = { attributes: ATTRIBUTES, attributes_max_entries: ENTRIES, attributes_expiration, pin: true, pin_path };
    this.#retina = retina;
    this.#options = {
      receiver,
      exporters: { 'prometheus/retina': { endpoint: `localhost:${retina}`, metric_names: 'retina' } },
    };
  }

  static async start(pin_path: string, attributes_expiration: string): Promise<Pinned> {
    const pinned = new Pinned(pin_path, attributes_expiration, await freePort());
    pinned.#agent = await Agent.start(pinned.#options);
    onTestFinished(async () => {
      pinned.#agent?.kill();
      await pinned.#agent?.exit;
    });
    return pinned;
  }

  /** What the series of our interfaces have risen by, over all scrapes. */
  get rise(): number {
    return this.#increases.own.sum;
  }

  async killAndRestart(): Promise<void> {
    this.#agent?.kill();
    await this.#agent?.exit;
    this.#agent = await Agent.start(this.#options);
  }

  /** Each interface that has series of such drops, with what they come to. */
  async interfaces(): Promise<ReadonlyMap<string, number>> {
    const series = pick((await this.#agent?.scrape()) ?? [], COUNT, RULE);
    const own = series.filter(({ labels }) => labels.network_interface_name?.startsWith('bed'));
    this.#increases.all.add(series);
    this.#increases.own.add(own);
    return new Map(own.map((each) => [each.labels.network_interface_name as string, each.value]));
  }

  /**
   * The one counter of the reason that Retina's names leave has all of its drops, whatever series have ended: what all series had risen
   * by just before, and what others dropped since.
   */
  async hasAllInTheSum(): Promise<void> {
    await this.interfaces();
    const before = this.#increases.all.sum;
    const total = sum(pick((await this.#agent?.scrape(this.#retina)) ?? [], 'networkobservability_drop_count', RULE));
    await this.interfaces();
    expect(total).toBeGreaterThanOrEqual(before);
    expect(total).toBeLessThanOrEqual(this.#increases.all.sum);
    expect(total).toBeGreaterThanOrEqual(this.rise);
  }

  async stop(): Promise<void> {
    expect(await this.#agent?.stop()).toMatchObject({ code: 0 });
  }
}

describe.skipIf(whyNotHere(['ip', 'iptables', 'mount', 'setpriv', 'cc']) !== undefined)('interfaces that come and go', () => {
  let mounted = '';

  beforeAll(() => {
    execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
    mounted = mountBpf();
  });
  afterAll(() => {
    for (const name of ['full', 'gone']) native().unpin(join(mounted, name));
    unmountBpf(mounted);
  });

  test('each shows though there are more of them than entries, and every drop is counted once', {
    timeout: 300_000,
  }, async () => {
    const agent = await Pinned.start(join(mounted, 'full'), '1h');
    for (let next = 1; next <= ENTRIES + 16; next++) {
      const bed = new Bed(next);
      try {
        bed.drop(DROPS);
        expect((await agent.interfaces()).get(bed.interface), bed.interface).toBe(DROPS);
        expect(agent.rise, bed.interface).toBe(next * DROPS);
        await agent.hasAllInTheSum();
      } finally {
        bed.remove();
      }
    }
    // Those that were idle for longest have made room.
    expect((await agent.interfaces()).size).toBeLessThan(ENTRIES + 16);
    await agent.stop();
  });

  test('series of those that are gone end, those of a killed agent too; their drops stay in the sum', {
    timeout: 180_000,
  }, async () => {
    const agent = await Pinned.start(join(mounted, 'gone'), '3s');
    for (let next = 1; next <= 10; next++) {
      if (next === 6) await agent.killAndRestart();
      const bed = new Bed(100 + next);
      bed.drop(DROPS);
      bed.remove();
      expect((await agent.interfaces()).get(bed.interface), bed.interface).toBe(DROPS);
    }
    const deadline = Date.now() + END_MILLIS;
    while ((await agent.interfaces()).size > 0 && Date.now() < deadline) await sleep(500);
    expect(await agent.interfaces()).toEqual(new Map());
    expect(agent.rise).toBe(10 * DROPS);
    await agent.hasAllInTheSum();
    await agent.stop();
  });
});
