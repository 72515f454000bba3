import { parseArgs } from 'node:util';
import { checkFullMap, FULL_CONFIG } from './full_map.ts';
import type { Meter, MeterOptions } from './meter.ts';
import { Report } from './report.ts';
import { whyNone } from './requirements.ts';
import { HOOKS, parseHooks, parseRungs, rungsConfig } from './rungs.ts';
import { Runner } from './runner.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { checkRungs, checkRuns, countRuns } from './standing.ts';
import { type Family, removeAllTestbeds } from './testbed.ts';

/*
 * The scenarios without a test framework, whose start takes long under emulation:
 *   node test/kernel/main.ts [--filter TEXT] [--rungs RUNGS] [--hooks HOOK,…|all] [--family ipv4|ipv6] [--reasons function] [--mode MODE,…] [--ran] [--meter MODULE]
 * prints one JSON object a line, and ends with 1 if a scenario failed. The hooks come first, with the rung of each. If a requested rung is
 * not in use, this is a failure. RUNGS: see parseRungs. --hooks: only scenarios whose result depends on the rung of these hooks.
 * --reasons function: as on a kernel without reasons. --mode advanced: flows are counted too; with basic,advanced two receivers count the
 * same drops at the same time. --ran: also checks that the programs of the hooks have run. This turns on statistics that slow down all BPF
 * programs of the machine. MODULE exports createMeter(), and replaces the agent.
 */
const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    rungs: { type: 'string', default: 'default' },
    hooks: { type: 'string' },
    family: { type: 'string' },
    reasons: { type: 'string', default: 'kernel' },
    mode: { type: 'string', default: 'basic' },
    ran: { type: 'boolean', default: false },
    meter: { type: 'string', default: './receiver_meter.ts' },
  },
});
const hooks = values.hooks === undefined || values.hooks === 'all' ? HOOKS : parseHooks(values.hooks);
const byFunction = values.reasons === 'function';
const modes = values.mode.split(',');
const labels = modes.map((mode) => (mode === 'advanced' ? mode : byFunction ? 'reasons: function' : values.rungs));
const report = new Report(labels[0] as string);

function isChosen(scenario: Pick<Scenario, 'name' | 'hook'>, family: Family): boolean {
  if (values.hooks !== undefined && (scenario.hook === undefined || !hooks.includes(scenario.hook))) return false;
  if (values.family !== undefined && values.family !== family) return false;
  // Failed calls have an errno, but no reason of the kernel.
  if (byFunction && (scenario.hook === 'connect' || scenario.hook === 'accept')) return false;
  return `${scenario.name} ${family}`.includes(values.filter);
}

async function runAll(meters: readonly Meter[]): Promise<void> {
  const runner = new Runner(meters, byFunction);
  for (const scenario of scenarios) {
    for (const family of scenario.families) {
      if (!isChosen(scenario, family)) continue;
      const why = runner.whyNot(scenario);
      if (why !== undefined) {
        report.settle({ scenario: scenario.name, family, ok: true, skipped: true, message: why });
        continue;
      }
      if (values.ran) countRuns(!scenario.mayInterruptItself);
      for (const [index, outcome] of (await runner.run(scenario, family)).entries()) report.settle(outcome, labels[index]);
    }
  }
  await runner.stop();
}

async function runFullMap(meter: Meter, label: string | undefined): Promise<void> {
  await meter.start();
  for (const family of ['ipv4', 'ipv6'] as const) {
    if (isChosen({ name: 'full map/new reasons' }, family)) report.settle(await checkFullMap(meter, family, byFunction), label);
  }
  await meter.stop();
}

async function main(): Promise<number> {
  const asked = parseRungs(values.rungs);
  const why = whyNone();
  if (why !== undefined) {
    report.settle({ scenario: 'all', family: '', ok: true, skipped: true, message: why });
    return report.sumUp();
  }
  const { createMeter } = (await import(values.meter)) as { createMeter: (options: MeterOptions) => Meter };
  const configs = modes.map((mode) => ({ ...rungsConfig(asked), ...(byFunction ? { drop_reasons: 'function' } : {}), mode }));
  const meters = configs.map((config) => createMeter({ config }));
  for (const meter of meters) await meter.start();
  const [first] = meters as [Meter];
  for (const result of checkRungs(first, asked)) report.settle(result);
  await runAll(meters);
  if (values.ran && values.filter === '') for (const result of await checkRuns(first, hooks)) report.settle(result);
  for (const meter of meters) await meter.stop();
  if (values.hooks !== undefined) return report.sumUp();
  for (const [index, config] of configs.entries())
    await runFullMap(createMeter({ config: { ...config, ...FULL_CONFIG } }), labels[index]);
  return report.sumUp();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeAllTestbeds();
    process.exit(130);
  });
}
process.exitCode = await main();
