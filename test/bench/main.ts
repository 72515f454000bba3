import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Lab } from './lab.ts';
import { type Measure, passes } from './measure.ts';
import { agentCpu } from './measures/agent_cpu.ts';
import { connectCost } from './measures/connect_cost.ts';
import { drain } from './measures/drain.ts';
import { dropCost } from './measures/drop_cost.ts';
import { memory } from './measures/memory.ts';
import { otlp, pushMemory } from './measures/otlp.ts';
import { passing } from './measures/passing.ts';
import { passingRungs } from './measures/passing_rungs.ts';
import { attribution, pods } from './measures/pods.ts';
import { read } from './measures/read.ts';
import { start } from './measures/start.ts';
import { syscallCost } from './measures/syscall_cost.ts';
import { Busyness } from './process_usage.ts';
import { type Line, table } from './table.ts';

/** In order of execution; the longest measure is last. */
const MEASURES: readonly Measure[] = [
  read,
  drain,
  attribution,
  otlp,
  pods,
  start,
  passing,
  dropCost,
  syscallCost,
  connectCost,
  agentCpu,
  pushMemory,
  memory,
  passingRungs,
];
const TRIES = 3;
const BUSY = 0.25;
const QUIET_WAIT_MILLIS = 60_000;

const lab = new Lab();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    lab.cleanUp();
    process.exit(code);
  });
}

/** Exit codes: 0 all bars met, 1 a bar missed or a measure failed, 2 wrong usage. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
  const unknown = positionals.filter((name) => !MEASURES.some((measure) => measure.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`no measure ${unknown.join(', ')}; there are ${MEASURES.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const chosen = MEASURES.filter(({ name, elsewhere }) => (positionals.length === 0 ? !elsewhere : positionals.includes(name)));
  const lines: Line[] = [];
  const failures: string[] = [];
  for (const measure of chosen) {
    process.stderr.write(`${measure.name}: ${measure.what}\n`);
    try {
      lines.push(...(await take(measure)));
    } catch (error) {
      failures.push(`${measure.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const machine = { kernel: release(), processor: cpus()[0]?.model ?? '', cpus: availableParallelism(), node: process.version };
  const where = `Linux ${machine.kernel}, ${machine.cpus} CPUs ${machine.processor}, Node.js ${machine.node}`;
  process.stdout.write(`\n${where}\n\n${table(lines)}`);
  for (const failure of failures) process.stderr.write(`FAIL  ${failure}\n`);
  if (values.json !== undefined) {
    const figures = lines.map((line) => ({ ...line, pass: passes(line) }));
    writeFileSync(values.json, `${JSON.stringify({ machine, figures, failures }, undefined, 2)}\n`);
  }
  return failures.length === 0 && lines.every(passes) ? 0 : 1;
}

/**
 * Takes a measure when the machine is idle. Repeats it if a bar is missed or the load could not be reached, because noise only adds
 * to a figure.
 */
async function take(measure: Measure): Promise<Line[]> {
  for (let tries = 1; ; tries++) {
    const last = measure.steady === true || tries === TRIES;
    if (!measure.steady) await quiet();
    try {
      const figures = await measure.run(lab);
      if (last || figures.every(passes)) return figures.map((figure) => ({ measure: measure.name, ...figure, tries }));
    } catch (error) {
      if (last) throw error;
    } finally {
      lab.cleanUp();
    }
  }
}

/** Waits until the CPUs are idle, for at most a minute. */
async function quiet(): Promise<void> {
  const end = performance.now() + QUIET_WAIT_MILLIS;
  const busyness = new Busyness();
  do await sleep(1000);
  while (busyness.sinceLast() > BUSY && performance.now() < end);
}

process.exitCode = await main().finally(() => lab.cleanUp());
