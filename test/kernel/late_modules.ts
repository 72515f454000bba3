import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from './command.ts';
import { kernelLine } from './kernel_line.ts';
import { createMeter } from './receiver_meter.ts';
import { Report } from './report.ts';
import { rungDue, rungsOf } from './rungs.ts';
import { Runner } from './runner.ts';
import { scenarios } from './scenarios/index.ts';

/*
 * Tests the hooks in modules that are loaded while the agent runs:
 *   node test/kernel/late_modules.ts
 * starts the agent while nf_conntrack, nf_nat and nft_chain_nat are not loaded, which is required. Then it loads them, and tests each hook
 * as soon as it is attached. The output has the format of main.ts.
 */
const MODULES = ['nf_conntrack', 'nf_nat', 'nft_chain_nat'];
const LATE = ['nat', 'conntrack'] as const;
const COUNTED = ['nat/nft prerouting', 'conntrack/nft SNAT onto one port local'];
/** A read may already have begun when the modules were loaded. Then the hooks attach in the next one. */
const INTERVALS = 2;
const HANGS_MILLIS = 60_000;

const report = new Report('modules loaded later');

async function main(): Promise<number> {
  const present = MODULES.filter((name) => existsSync(`/sys/module/${name}`));
  if (present.length > 0) {
    const message = `${present.join(', ')} is loaded or built in already`;
    report.settle({ scenario: 'modules', family: '', ok: true, skipped: true, message });
    return report.sumUp();
  }
  const meter = createMeter({ config: { collection_interval: '1s' } });
  await meter.start();
  const before = rungsOf(meter.hooks());
  for (const hook of LATE) {
    const why = meter.hooks().find((status) => status.hook === hook)?.detail ?? '';
    const message =
      before[hook] !== 'none' ? `it stands on ${before[hook]} without its module` : why === '' ? 'nothing says why' : '';
    report.settle({ scenario: `${hook} before its module`, family: '', ok: message === '', message });
  }
  await command('modprobe', ['-a', ...MODULES]);
  const loaded = meter.intervals;
  const due = LATE.map((hook) => ({ hook, rung: rungDue(hook, {}, kernelLine()) }));
  const isAttached = () => due.every(({ hook, rung }) => rungsOf(meter.hooks())[hook] === rung);
  const begin = Date.now();
  while (!isAttached() && meter.intervals <= loaded + INTERVALS && Date.now() - begin < HANGS_MILLIS) await sleep(20);
  for (const { hook, rung } of due) {
    const got = rungsOf(meter.hooks())[hook];
    const said = meter.hooks().find((status) => status.hook === hook)?.detail;
    const message = got === rung ? '' : `on ${got}, not ${rung}, after ${meter.intervals - loaded} intervals: ${said}`;
    report.settle({ scenario: `${hook} after its module`, family: '', ok: message === '', message });
  }
  const runner = new Runner([meter]);
  for (const scenario of scenarios.filter(({ name }) => COUNTED.includes(name))) {
    for (const family of scenario.families) for (const outcome of await runner.run(scenario, family)) report.settle(outcome);
  }
  await runner.stop();
  await meter.stop();
  return report.sumUp();
}

process.exitCode = await main();
