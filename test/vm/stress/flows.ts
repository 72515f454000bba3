import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Checks } from '../../support/checks.ts';
import { drainable, flowsOf, minus, nestedOf, plus, rowsOf, sentIntoRule } from '../../support/draining.ts';
import { SpoofedFlood } from '../../support/spoof.ts';

const SECONDS = 60;
/** The map is full after some milliseconds. */
const MAX_ENTRIES = 4096;

/**
 * All CPUs send datagrams with random addresses to rules that drop them, while generations end as fast as the kernel allows. At each
 * drain the rows must have risen by flows plus overflow, and at the end by the counts of the rules.
 */
export async function flows(checks: Checks): Promise<void> {
  execFileSync('sh', [fileURLToPath(new URL('../../kernel/build.sh', import.meta.url))]);
  const probe = drainable(MAX_ENTRIES);
  const floods = Array.from({ length: availableParallelism() }, () => new SpoofedFlood());
  try {
    await probe.drain();
    const first = sentIntoRule(probe);
    const addresses = ['127.0.0.1', '::1'];
    const senders = floods.map((flood, cpu) => flood.start(1_000_000_000, addresses[cpu % 2], cpu));
    const until = Date.now() + SECONDS * 1000;
    let [drains, unequal, most] = [0, '', 0];
    let before = rowsOf(probe);
    let overflow = 0;
    const drain = async () => {
      const drained = await probe.drain();
      const after = rowsOf(probe);
      const rise = minus(after.node, before.node);
      const told = plus(flowsOf(drained), minus(after.overflow, before.overflow));
      if (rise[0] !== told[0] || rise[1] !== told[1]) unequal ||= `drain ${drains}: rows ${rise}, flows and overflow ${told}`;
      overflow += after.overflow[0] - before.overflow[0];
      most = Math.max(most, drained.count);
      before = after;
      drains++;
    };
    while (Date.now() < until) await drain();
    for (const { process } of senders) process.kill('SIGKILL');
    await Promise.all(senders.map(({ sent }) => sent));
    await drain();
    const dropped = floods.reduce((sum, flood) => sum + flood.dropped.packets, 0);
    const counted = sentIntoRule(probe) - first;
    const nested = nestedOf(probe);
    checks.check(unequal === '' && drains > 100, 'flows + overflow = rows at every drain', unequal || `${drains} drains`);
    checks.check(counted + nested === dropped, 'rows = what the rules dropped', `${counted} and ${nested} nested of ${dropped}`);
    checks.check(most === MAX_ENTRIES && overflow > 0, 'the map was full', `${most} flows at most, ${overflow} in the overflow`);
  } finally {
    probe.close();
    for (const flood of floods) flood.remove();
  }
}
