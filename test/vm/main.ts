import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Fetched, fetchKernels } from './fetch.ts';
import { count, type KernelRun, runKernel } from './kernel_run.ts';
import { cpusOf, findImage, KERNELS, type KernelImage } from './kernels.ts';
import { kernelsAreUpToDate, writeKernels } from './kernels_doc.ts';
import { FINEST, planOf, quote, scriptOf } from './plan.ts';
import type { ScenarioResult } from './results.ts';

const USAGE = `usage: npm run test:vm -- [options] [-- COMMAND…]
  --kernel NAME    only this kernel (repeatable): ${KERNELS.join(', ')}
  --filter TEXT    only scenarios whose name and family contain TEXT; docs/kernels.md is not changed
  --run LABEL      only this run of each kernel (repeatable): default, kprobe, nat=stack …; docs/kernels.md is not changed
  --all-rungs      test lower rungs on every kernel, not only on 6.12; writes docs/kernels.md at the end
  --check          do not write docs/kernels.md; fail if this run would change it
  --append TEXT    additional kernel arguments, such as lockdown=confidentiality
  --cpus N         CPUs of a guest (1, of 6.12-rt 2)
  --jobs N         guests at a time (one for each CPU of this machine)
  --timeout N      seconds for one kernel, including boot (2700)
  COMMAND          run this in each guest instead of the scenarios, and print its output`;

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kernel: { type: 'string', multiple: true },
    filter: { type: 'string', default: '' },
    run: { type: 'string', multiple: true },
    check: { type: 'boolean', default: false },
    'all-rungs': { type: 'boolean', default: false },
    append: { type: 'string', default: '' },
    cpus: { type: 'string' },
    jobs: { type: 'string' },
    timeout: { type: 'string', default: '2700' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const totals = { passed: 0, failed: 0, skipped: 0 };
const runs = new Map<string, KernelRun>();

if (options.help) {
  console.log(USAGE);
} else {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const names = options.kernel ?? KERNELS;
  const unknown = names.find((name) => !KERNELS.some((known) => known === name));
  if (unknown !== undefined) {
    console.error(`unknown kernel "${unknown}"\n${USAGE}`);
    return 2;
  }
  const images = await obtain(names);
  const jobs = Number(options.jobs ?? availableParallelism());
  // The longest run goes first.
  const queue = images.toSorted((a, b) => Number(b.name === FINEST) - Number(a.name === FINEST));
  await Promise.all(Array.from({ length: jobs }, () => work(queue)));
  if (positionals.length === 0) settleDoc();
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed > 0 ? 1 : 0;
}

/** The images of these kernels, downloaded if they aren't in the cache. An unavailable one is counted as described in Fetched. */
async function obtain(names: readonly string[]): Promise<KernelImage[]> {
  const absent = names.filter((name) => findImage(name) === undefined);
  if (absent.length > 0) console.log(`fetching ${absent.join(', ')} …`);
  const fetched = await fetchKernels(absent);
  const images: KernelImage[] = [];
  for (const name of names) {
    const image = findImage(name);
    if (image === undefined) sayNotFetched(name, fetched.get(name));
    else images.push(image);
  }
  return images;
}

function sayNotFetched(name: string, fetched: Fetched | undefined): void {
  const missing = fetched?.status === 'missing';
  totals[missing ? 'skipped' : 'failed'] += 1;
  say(name, missing ? 'skip' : 'FAIL', 'kernel image', fetched?.what ?? '');
}

async function work(queue: KernelImage[]): Promise<void> {
  for (let image = queue.shift(); image !== undefined; image = queue.shift()) {
    try {
      await runOne(image);
    } catch (error) {
      totals.failed += 1;
      say(image.name, 'FAIL', 'the virtual machine', String(error));
    }
  }
}

async function runOne(image: KernelImage): Promise<void> {
  const started = performance.now();
  const cpus = Number(options.cpus ?? cpusOf(image.name));
  const limitMillis = Number(options.timeout) * 1_000;
  const machine = { image, cpus, kernelArguments: options.append, memoryMebibytes: 2_048, limitMillis };
  if (positionals.length > 0) return runCommand(machine);
  const plan = planOf(image.name, options['all-rungs']).filter(
    ({ label }) => options.run === undefined || options.run.includes(label),
  );
  const command = scriptOf(plan, ROOT, NODE, options.filter);
  const run = await runKernel({ ...machine, command }, plan.length, (result) => sayResult(image.name, result));
  runs.set(image.name, run);
  for (const trouble of run.troubles) say(image.name, 'FAIL', 'the run itself', trouble);
  const { passed, failed, skipped } = count(run.results);
  totals.passed += passed;
  totals.failed += failed + run.troubles.length;
  totals.skipped += skipped;
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const { bootSeconds, commandSeconds } = run.outcome;
  const spent = `${seconds} s: boot ${bootSeconds.toFixed(0)}, scenarios ${commandSeconds.toFixed(0)}`;
  console.log(`${image.name} (${image.release}): ${passed} passed, ${failed} failed, ${skipped} skipped in ${spent}`);
}

async function runCommand(machine: Omit<Parameters<typeof runKernel>[0], 'command'>): Promise<void> {
  const { name, release } = machine.image;
  const { runMachine } = await import('./machine.ts');
  const command = positionals.length === 1 ? (positionals[0] ?? '') : positionals.map(quote).join(' ');
  const onLine = (line: string) => console.log(`${name.padEnd(8)} ${line}`);
  const outcome = await runMachine({ ...machine, command: `cd ${quote(ROOT)}\n${command}`, onLine });
  if (outcome.stderr !== '') console.error(outcome.stderr.trimEnd());
  const good = outcome.status === 'finished' && outcome.code === 0;
  totals[good ? 'passed' : 'failed'] += 1;
  if (outcome.status !== 'finished') console.error(outcome.console);
  const times = `boot ${outcome.bootSeconds.toFixed(1)} s, command ${outcome.commandSeconds.toFixed(1)} s`;
  console.log(`${name} (${release}): ${outcome.status}, status ${outcome.code ?? '–'}; ${times}`);
}

function sayResult(kernel: string, result: ScenarioResult): void {
  const { run, scenario, family, reason, direction, drops, bytes, message } = result;
  const what = `${run === 'default' ? '' : `[${run}] `}${scenario} ${family}`.trimEnd();
  if (result.skipped !== undefined) {
    say(kernel, 'skip', what, result.skipped);
    return;
  }
  const counted = `${reason} ${direction} ${drops}${bytes === undefined ? '' : ` / ${bytes} B`}`;
  say(kernel, result.ok ? 'ok' : 'FAIL', what, result.ok ? counted : `${counted}: ${message}`);
}

function say(kernel: string, verdict: 'ok' | 'FAIL' | 'skip', what: string, details: string): void {
  console.log(`${kernel.padEnd(8)} ${verdict.padEnd(4)} ${what.padEnd(60)} ${details}`);
}

/** Writes or checks docs/kernels.md, if every kernel ran and nothing failed. */
function settleDoc(): void {
  if (
    totals.failed > 0 ||
    options.filter !== '' ||
    options.run !== undefined ||
    !options['all-rungs'] ||
    KERNELS.some((name) => !runs.has(name))
  ) {
    console.log(
      'docs/kernels.md is not changed: that requires --all-rungs without --filter or --run, every kernel, and no failure',
    );
    return;
  }
  const results = new Map(KERNELS.map((name) => [name, runs.get(name)?.results ?? []]));
  if (!options.check) writeKernels(results);
  if (kernelsAreUpToDate(results)) return;
  totals.failed += 1;
  console.error('docs/kernels.md is stale: run `npm run test:vm -- --all-rungs` and commit it');
}
