import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort } from './net.ts';
import { PROMETHEUS, PROMETHEUS3, PROMTOOL } from './peers.ts';
import { waitFor } from './wait.ts';

/** One series of an instant query. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface QueryAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[];
  };
}

/** A real Prometheus that scrapes these ports of localhost every second. */
export class Prometheus {
  readonly #child: Child;
  readonly #directory: string;
  readonly #url: string;

  private constructor(child: Child, directory: string, url: string) {
    this.#child = child;
    this.#directory = directory;
    this.#url = url;
  }

  static start(...targetPorts: readonly number[]): Promise<Prometheus> {
    return Prometheus.#start(PROMETHEUS.path, targetPorts, []);
  }

  /** A Prometheus 3 that knows when a series began, and puts a 0 there. */
  static startWithCreatedTimestamps(...targetPorts: readonly number[]): Promise<Prometheus> {
    return Prometheus.#start(PROMETHEUS3.path, targetPorts, ['--enable-feature=created-timestamp-zero-ingestion']);
  }

  /** A Prometheus with these scrape configurations, by the names of their jobs. */
  static startJobs(jobs: Readonly<Record<string, object>>): Promise<Prometheus> {
    const configs = Object.entries(jobs).map(([job_name, job]) => ({ job_name, ...job }));
    return Prometheus.#run(PROMETHEUS.path, configs, []);
  }

  static #start(path: string, targetPorts: readonly number[], options: readonly string[]): Promise<Prometheus> {
    const targets = targetPorts.map((target) => `localhost:${target}`);
    return Prometheus.#run(path, [{ job_name: 'agent', static_configs: [{ targets }] }], options);
  }

  static async #run(path: string, jobs: readonly object[], options: readonly string[]): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'dropreason-prometheus-'));
    const port = await freePort();
    const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs };
    writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
    const child = new Child('Prometheus', path, [
      ...options,
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ]);
    const url = `http://127.0.0.1:${port}`;
    await child.ready(async () => (await fetch(`${url}/-/ready`)).ok);
    return new Prometheus(child, directory, url);
  }

  /** An instant query, as of now. */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const { status, error, data } = (await response.json()) as QueryAnswer;
    if (status !== 'success') throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The value of a query that gives one series, or none: undefined. */
  async value(expression: string): Promise<number | undefined> {
    const samples = await this.query(expression);
    if (samples.length > 1) throw new Error(`${expression}: ${samples.length} series`);
    return samples[0]?.value;
  }

  /** Every value that was scraped of one series, in order. Rejects where several series match. */
  async history(selector: string): Promise<number[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: `${selector}[1h]` })}`);
    const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
    if (data.result.length > 1) throw new Error(`${selector}: ${data.result.length} series`);
    return data.result[0]?.values.map(([, value]) => Number(value)) ?? [];
  }

  /** Why the last scrape of each job failed; empty where it didn't. */
  async errors(): Promise<Record<string, string>> {
    const { data } = (await (await fetch(`${this.#url}/api/v1/targets`)).json()) as {
      data: { activeTargets: { labels: { job: string }; lastError: string }[] };
    };
    return Object.fromEntries(data.activeTargets.map(({ labels, lastError }) => [labels.job, lastError]));
  }

  /** Resolves when a scrape of that target that began after this call has ended well. */
  nextScrape(targetPort: number): Promise<void> {
    return this.nextScrapeOf(`instance="localhost:${targetPort}"`);
  }

  /** The same of a target by its labels. */
  async nextScrapeOf(labels: string): Promise<void> {
    // Prometheus may shift a scrape's time by 2 ms, to lie on its interval.
    const since = Date.now() / 1_000 + 0.005;
    const up = `up{${labels}}`;
    await waitFor(`a scrape of ${labels}`, async () => {
      // Of a selector alone: of any other expression, timestamp() is the time of the query.
      const when = await this.value(`timestamp(${up})`);
      if (when === undefined || when <= since) return undefined;
      return (await this.value(up)) === 1 || undefined;
    });
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What `promtool check metrics` has to say of this page; empty where it is clean. */
export function promtoolCheck(page: string): string {
  const { stdout, stderr, status } = spawnSync(PROMTOOL.path, ['check', 'metrics'], { input: page, encoding: 'utf8' });
  const said = `${stdout}${stderr}`.trim();
  return status === 0 ? said : `status ${status}: ${said}`;
}
