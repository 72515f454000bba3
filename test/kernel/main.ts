import { parseArgs } from 'node:util';
import type { Meter } from './meter.ts';
import { whyNone, whyNot } from './requirements.ts';
import { Runner } from './runner.ts';
import { scenarios } from './scenarios/index.ts';
import { removeAllTestbeds } from './testbed.ts';

/*
 * The scenarios without a test framework, whose start takes long under emulation:
 *   node test/kernel/main.ts [--filter TEXT] [--meter MODULE]
 * prints one JSON object a line, and ends with 1 where one failed. MODULE exports createMeter(), and stands in for the agent.
 */
const { values } = parseArgs({ options: { filter: { type: 'string', default: '' }, meter: { type: 'string' } } });

function print(object: unknown): void {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

async function main(): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const chosen = scenarios.flatMap((scenario) => scenario.families.map((family) => ({ scenario, family })));
  const why = whyNone();
  const { createMeter } = (await import(values.meter ?? './receiver_meter.ts')) as { createMeter: () => Meter };
  const meter = createMeter();
  const runner = new Runner(meter);
  if (why === undefined) await meter.start();
  for (const { scenario, family } of chosen) {
    if (!`${scenario.name} ${family}`.includes(values.filter)) continue;
    const message = why ?? whyNot(scenario);
    if (message !== undefined) {
      counts.skipped++;
      print({ scenario: scenario.name, family, ok: true, skipped: true, message });
      continue;
    }
    const outcome = await runner.run(scenario, family);
    counts[outcome.ok ? 'passed' : 'failed']++;
    print(outcome);
  }
  await runner.stop();
  await meter.stop();
  print(counts);
  return counts.failed === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeAllTestbeds();
    process.exit(130);
  });
}
process.exitCode = await main();
