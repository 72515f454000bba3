import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../support/agent.ts';
import { Bed } from '../support/bed.ts';
import { Increases } from '../support/increases.ts';
import type { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { podObject } from '../support/kube_objects.ts';
import { pick, type Series } from '../support/metrics_text.ts';
import { SpoofedFlood } from '../support/spoof.ts';
import { configuration, type Ports } from './configuration.ts';
import { riseOf, type Sample } from './flat.ts';
import { descriptors, heldBy, mapEntries, residentKilobytes } from './held.ts';

/** In ticks. */
const [LIFE_OF_BED, BETWEEN_SCRAPES, BETWEEN_RELOADS] = [8, 3, 10];
const [DROPS_OF_BED, SCANNERS] = [5, 100];
const COUNT = 'dropreason_drop_count_total';
const RULE = { reason: 'IPTABLE_RULE_DROP' };

/** Drops that are not published yet: those of an address without a pod wait for one, for at most `pending_timeout`. */
const [LAST_DROPS_MILLIS, SCRAPE_MILLIS] = [9_000, 3_000];

/**
 * The figures that are sampled at each scrape, and how much each may rise over the whole run after it has settled. By then all tables are
 * full, or have as many entries as live at a time. The shortest run, two minutes, has twelve reloads and 120 interfaces. A leaked graph
 * takes more than 1 MB, a leaked interface one series. The heap may rise by 1.5 MB even without a leak, as code is compiled.
 */
const MAY_RISE = {
  'kB of live heap': 4_096,
  'kB of resident memory': 8_192,
  'timers, sockets and servers': 10,
  'file descriptors': 3,
  series: 60,
  'entries of kernel maps': 60,
} as const;
type Figure = keyof typeof MAY_RISE;
const FIGURES = Object.keys(MAY_RISE) as Figure[];

export interface Surroundings {
  readonly ports: Ports;
  readonly api: FakeKubeApi;
  /** The socket on which inside.js listens. */
  readonly socket: string;
}

/** Everything that is added and removed under an agent, and the resulting samples. */
export class Soak {
  readonly #agent: Agent;
  readonly #surroundings: Surroundings;
  readonly #scanners = new SpoofedFlood();
  readonly #beds: Bed[] = [];
  #caused = 0;
  readonly #increases = { node: new Increases(), flows: new Increases() };
  readonly #samples = new Map<Figure, Sample[]>(FIGURES.map((figure) => [figure, []]));
  readonly #began = Date.now();
  /** The maximum drops seen for each pod. */
  readonly #pods = new Map<string, number>();
  readonly #unseen: string[] = [];
  readonly #unanswered = new Set<number>();
  #number = 0;

  constructor(agent: Agent, surroundings: Surroundings) {
    this.#agent = agent;
    this.#surroundings = surroundings;
  }

  async tick(): Promise<void> {
    const number = ++this.#number;
    const bed = new Bed(number);
    this.#beds.push(bed);
    this.#surroundings.api.put('pods', podObject(`pod-${number}`, { ips: [bed.address] }));
    await sleep(0); // lets the server send it; the following code blocks
    if (this.#beds.length > LIFE_OF_BED) this.#end(this.#beds.shift() as Bed, number - LIFE_OF_BED);
    this.#drop(bed);
    if (number % BETWEEN_RELOADS === 0) this.#reload(number / BETWEEN_RELOADS);
    if (number % BETWEEN_SCRAPES === 0) await this.#scrape(bed);
  }

  /** Waits for the drops that are not published yet. Returns each check, and why it failed if it did. */
  async verdict(): Promise<ReadonlyMap<string, string | undefined>> {
    for (let waited = 0; waited < LAST_DROPS_MILLIS; waited += SCRAPE_MILLIS) {
      await sleep(SCRAPE_MILLIS);
      await this.#scrape();
    }
    const checks = new Map<string, string | undefined>();
    for (const figure of FIGURES) {
      const samples = this.#samples.get(figure) as Sample[];
      const rise = Math.round(riseOf(samples));
      console.log(`${figure}: rise ${rise}; ${tenths(samples).join(' ')}`);
      checks.set(figure, rise <= MAY_RISE[figure] ? undefined : `rose by ${rise}, and may by ${MAY_RISE[figure]}`);
    }
    for (const [what, { sum }] of Object.entries(this.#increases)) {
      console.log(`drops by ${what}: ${sum} of ${this.#caused}`);
      checks.set(`drops by ${what}`, sum === this.#caused ? undefined : `${sum}, not ${this.#caused}`);
    }
    const pods = this.#wrongPods();
    console.log(`pods with drops: ${this.#pods.size} of ${this.#number}`);
    checks.set('drops by pods', pods.length === 0 ? undefined : `${pods.join(', ')}, not ${DROPS_OF_BED} each`);
    const [unseen, unanswered] = [this.#unseen.join(', '), [...this.#unanswered].join(', ')];
    checks.set('new interfaces', unseen === '' ? undefined : `${unseen} had no series of their own`);
    checks.set('endpoints', unanswered === '' ? undefined : `port ${unanswered} did not answer for 5 s`);
    return checks;
  }

  async close(): Promise<void> {
    await this.#agent.stop();
    await this.#surroundings.api.close();
    this.#scanners.remove();
    for (const bed of this.#beds) bed.remove();
  }

  #drop(bed: Bed): void {
    bed.drop(DROPS_OF_BED);
    this.#scanners.send(SCANNERS);
    this.#caused += DROPS_OF_BED + SCANNERS;
  }

  #wrongPods(): string[] {
    const wrong: string[] = [];
    for (let number = 1; number <= this.#number; number++) {
      const drops = this.#pods.get(`pod-${number}`) ?? 0;
      if (drops !== DROPS_OF_BED) wrong.push(`pod-${number} has ${drops}`);
    }
    return wrong;
  }

  #end(bed: Bed, number: number): void {
    bed.remove();
    this.#surroundings.api.remove('pods', `uid-pod-${number}`);
  }

  /** Every second reload changes the configuration. */
  #reload(times: number): void {
    this.#agent.write(configuration(this.#surroundings.ports, times % 4 < 2 ? 32 : 24));
    this.#agent.signal('SIGHUP');
  }

  async #scrape(newest?: Bed): Promise<void> {
    const { ports } = this.#surroundings;
    const [node, flows, pods, own] = await Promise.all(
      [ports.node, ports.flows, ports.pods, ports.own].map((port) => this.#scrapeOf(port)),
    );
    if (node === undefined || flows === undefined || pods === undefined || own === undefined) return;
    this.#increases.node.add(pick(node, COUNT, RULE));
    this.#increases.flows.add(pick(flows, COUNT, RULE));
    for (const { labels, value } of pick(pods, 'dropreason_pod_drop_count_total', RULE)) {
      const name = labels.k8s_pod_name ?? '';
      this.#pods.set(name, Math.max(value, this.#pods.get(name) ?? 0));
    }
    await this.#sample(node.length + flows.length + pods.length + own.length);
    if (newest === undefined) return;
    const shown = pick(node, COUNT, { ...RULE, network_interface_name: newest.interface });
    if (shown.length !== 1) this.#unseen.push(newest.interface);
  }

  async #sample(series: number): Promise<void> {
    const pid = this.#agent.process.pid as number;
    const { heapBytes, resources } = await heldBy(this.#surroundings.socket);
    const values: Record<Figure, number> = {
      'kB of live heap': Math.round(heapBytes / 1024),
      'kB of resident memory': residentKilobytes(pid),
      'timers, sockets and servers': resources,
      'file descriptors': descriptors(pid),
      series,
      'entries of kernel maps': mapEntries(pid),
    };
    const minutes = (Date.now() - this.#began) / 60_000;
    for (const figure of FIGURES) this.#samples.get(figure)?.push({ minutes, value: values[figure] });
  }

  /** A reload closes the endpoint for a moment. */
  async #scrapeOf(port: number): Promise<Series[] | undefined> {
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        return await this.#agent.scrape(port);
      } catch {
        await sleep(100);
      }
    }
    this.#unanswered.add(port);
    return undefined;
  }
}

/** The last sample of each tenth. */
function tenths(samples: readonly Sample[]): number[] {
  return Array.from({ length: 10 }, (_, i) => samples[Math.ceil(((i + 1) * samples.length) / 10) - 1]?.value ?? Number.NaN);
}
