import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { ScrapeFormat } from '../../../src/publish/prometheus/scrape_format.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A sample as read by the official Python parser. */
export interface Sample {
  readonly family: string;
  readonly type: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The output of one of our scripts that look for a program, and its message if there is none. */
function find(script: string): { readonly found: string; readonly missing: string | false } {
  const { stdout, stderr } = spawnSync('sh', [join(ROOT, 'scripts', script)], { encoding: 'utf8' });
  const found = stdout.trim();
  if (found !== '') return { found, missing: false };
  const missing = stderr.match(/skip: (.*)/)?.[1] ?? `${script} found nothing`;
  console.warn(`skipped: ${missing}`);
  return { found, missing };
}

const promtool = find('prometheus.sh');
const python = find('prometheus_client.sh');

/** Why the parsers can't run here; false if they can. */
export const PARSERS_MISSING = promtool.missing || python.missing;

/** Problems that `promtool check metrics` reports: errors, or advice. */
export function promtoolCheck(page: string): { readonly refused: boolean; readonly advice: readonly string[] } {
  const { stdout, stderr, status } = spawnSync(join(promtool.found, 'promtool'), ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  const advice = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  return { refused: status !== 0 && status !== 3, advice };
}

/** The parsers of prometheus_client, in one process for many pages. */
export class PythonParsers {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor() {
    this.#child = spawn(python.found, [join(import.meta.dirname, 'parse.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PROMETHEUS_LEGACY_NAME_VALIDATION: 'true' },
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  /** Rejects with the parser's message if the page is invalid. */
  async parse(text: string, format: ScrapeFormat): Promise<Sample[]> {
    const line = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${JSON.stringify({ text, format })}\n`);
    });
    const { samples, error } = JSON.parse(line) as { samples?: (Omit<Sample, 'value'> & { value: string })[]; error?: string };
    if (samples === undefined) throw new Error(error);
    return samples.map((sample) => ({ ...sample, value: toNumber(sample.value) }));
  }

  stop(): void {
    this.#child.stdin?.end();
    this.#lines.close();
  }
}

function toNumber(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
