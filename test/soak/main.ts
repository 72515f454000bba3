/**
 * `npm run soak -- MINUTES`: interfaces, network namespaces, pods, scanners and reloads come and go for so long (30 minutes), under an
 * agent whose tables are small. Memory, descriptors and series have to be flat after the first tenth, new interfaces have to show, and
 * what a scraper sees counters rise by has to be what was dropped.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, MAIN, NODE } from '../support/agent.ts';
import { Increases } from '../support/increases.ts';
import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { namespaceObject, nodeObject, podObject } from '../support/kube_objects.ts';
import { pick, type Series } from '../support/metrics_text.ts';
import { freePort } from '../support/ports.ts';
import { SpoofedFlood } from '../support/spoof.ts';
import { Bed } from './bed.ts';
import { configuration, type Ports } from './configuration.ts';
import { type Course, whyNotFlat } from './flat.ts';

const TICK_MILLIS = 1_000;
/** In ticks. */
const [LIFE_OF_BED, BETWEEN_SCRAPES, BETWEEN_RELOADS] = [3, 3, 10];
const [DROPS_OF_BED, SCANNERS] = [5, 100];
const COUNT = 'dropreason_drop_count_total';
const RULE = { reason: 'IPTABLE_RULE_DROP' };

class Soak {
  readonly #agent: Agent;
  readonly #ports: Ports;
  readonly #api: FakeKubeApi;
  readonly #scanners = new SpoofedFlood();
  readonly #beds: Bed[] = [];
  readonly #caused = { all: 0, beds: 0 };
  readonly #increases = { node: new Increases(), flows: new Increases(), pods: new Increases() };
  readonly #samples = { memory: [] as number[], descriptors: [] as number[], series: [] as number[] };
  readonly #problems = new Set<string>();
  #number = 0;

  constructor(agent: Agent, ports: Ports, api: FakeKubeApi) {
    this.#agent = agent;
    this.#ports = ports;
    this.#api = api;
  }

  async tick(): Promise<void> {
    const number = ++this.#number;
    const bed = new Bed(number);
    this.#beds.push(bed);
    this.#api.put('pods', podObject(`pod-${number}`, { ips: [bed.address] }));
    if (this.#beds.length > LIFE_OF_BED) this.#end(this.#beds.shift() as Bed, number - LIFE_OF_BED);
    this.#drop(bed);
    if (number % BETWEEN_RELOADS === 0) this.#reload(number / BETWEEN_RELOADS);
    if (number % BETWEEN_SCRAPES === 0) await this.#scrape(bed);
  }

  /** Everything that is still on its way, then the verdict. */
  async verdict(): Promise<string[]> {
    await sleep(3_000);
    await this.#scrape();
    const { memory, descriptors, series } = this.#samples;
    const courses: Course[] = [
      { what: 'resident memory, kB', samples: memory, allowed: { factor: 1.05, more: 4_096 } },
      { what: 'file descriptors', samples: descriptors, allowed: { factor: 1, more: 3 } },
      { what: 'series', samples: series, allowed: { factor: 1.1, more: 20 } },
    ];
    for (const course of courses) console.log(`${course.what}: ${tenths(course.samples).join(' ')}`);
    for (const [what, due] of [
      ['node', this.#caused.all],
      ['flows', this.#caused.all],
      ['pods', this.#caused.beds],
    ] as const) {
      const { sum } = this.#increases[what];
      console.log(`drops by ${what}: ${sum} of ${due}`);
      if (sum !== due) this.#problems.add(`drops by ${what}: ${sum}, not ${due}`);
    }
    for (const why of courses.map(whyNotFlat)) if (why !== undefined) this.#problems.add(why);
    return [...this.#problems];
  }

  async close(): Promise<void> {
    await this.#agent.stop();
    await this.#api.close();
    this.#scanners.remove();
    for (const bed of this.#beds) bed.remove();
  }

  #drop(bed: Bed): void {
    bed.drop(DROPS_OF_BED);
    this.#scanners.send(SCANNERS);
    this.#caused.beds += DROPS_OF_BED;
    this.#caused.all += DROPS_OF_BED + SCANNERS;
  }

  #end(bed: Bed, number: number): void {
    bed.remove();
    this.#api.remove('pods', `uid-pod-${number}`);
  }

  /** Every other one changes the configuration. */
  #reload(times: number): void {
    this.#agent.write(configuration(this.#ports, times % 4 < 2 ? 32 : 24));
    this.#agent.signal('SIGHUP');
  }

  async #scrape(newest?: Bed): Promise<void> {
    const [node, flows, pods, own] = await Promise.all(
      [this.#ports.node, this.#ports.flows, this.#ports.pods, this.#ports.own].map((port) => this.#scrapeOf(port)),
    );
    if (node === undefined || flows === undefined || pods === undefined || own === undefined) return;
    this.#increases.node.add(pick(node, COUNT, RULE));
    this.#increases.flows.add(pick(flows, COUNT, RULE));
    this.#increases.pods.add(pick(pods, 'dropreason_pod_drop_count_total', RULE));
    const { pid } = this.#agent.process;
    const [, kilobytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    this.#samples.memory.push(Number(kilobytes));
    this.#samples.descriptors.push(readdirSync(`/proc/${pid}/fd`).length);
    this.#samples.series.push(node.length + flows.length + pods.length + own.length);
    if (newest === undefined) return;
    const shown = pick(node, COUNT, { ...RULE, network_interface_name: newest.interface });
    if (shown.length !== 1) this.#problems.add(`the interface ${newest.interface} has ${shown.length} series, not 1`);
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
    this.#problems.add(`port ${port} did not answer for 5 s`);
    return undefined;
  }
}

/** The last sample of each tenth. */
function tenths(samples: readonly number[]): number[] {
  return Array.from({ length: 10 }, (_, i) => samples[Math.ceil(((i + 1) * samples.length) / 10) - 1] as number);
}

async function main(minutes: number): Promise<number> {
  const ports = { node: await freePort(), flows: await freePort(), pods: await freePort(), own: await freePort() };
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-soak-'));
  const api = await FakeKubeApi.start();
  api.put('namespaces', namespaceObject('shop'));
  api.put('nodes', nodeObject('n1', ['192.0.2.1']));
  const file = () => configuration(ports, 32);
  // As scripts/start.sh has it.
  const command = [NODE, '--max-semi-space-size=1', '--optimize-for-size', '--no-concurrent-recompilation', MAIN];
  const agent = await Agent.start({}, { command, file, env: { KUBECONFIG: api.kubeConfigFile }, directory });
  const soak = new Soak(agent, ports, api);
  let problems: string[];
  try {
    const end = Date.now() + minutes * 60_000;
    for (let next = Date.now(); next < end; next += TICK_MILLIS) {
      await sleep(Math.max(0, next - Date.now()));
      await soak.tick();
    }
    problems = await soak.verdict();
  } finally {
    await soak.close();
    rmSync(directory, { recursive: true, force: true });
  }
  if (problems.length > 0) console.log(agent.output);
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  console.log(problems.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  return problems.length === 0 ? 0 : 1;
}

const minutes = Number(process.argv[2] ?? 30);
if (!(minutes > 0)) {
  console.error('usage: npm run soak -- MINUTES');
  process.exitCode = 2;
} else process.exitCode = await main(minutes);
