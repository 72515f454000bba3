import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, BUILT_COMMAND } from '../agent.ts';
import { AGENT_CPU, droppedByRule, LOAD_CPU } from '../lab.ts';
import { flood } from '../load.ts';
import type { Measure } from '../measure.ts';
import { cpuSeconds } from '../process_usage.ts';

const RATE = 150_000;
const SECONDS = 30;
const SCRAPE_EVERY_SECONDS = 10;
const RULE_DROPS = /^dropreason_drop_count_total\{.*reason="IPTABLE_RULE_DROP".*\} (\d+)$/gm;

/** The CPU time of the agent's process while the kernel counts for it: the same agent first idle, then during a flood. */
export const agentCpu: Measure = {
  name: 'agent_cpu',
  what: `CPU of the agent's process over ${SECONDS} s, a scrape each ${SCRAPE_EVERY_SECONDS} s, idle and with ${RATE} drops a second on another CPU`,

  async run(lab) {
    if (AGENT_CPU === LOAD_CPU) throw new Error('this takes two CPUs');
    const agent = await Agent.start(lab, { command: ['taskset', '-c', `${AGENT_CPU}`, ...BUILT_COMMAND] });
    const namespace = lab.droppingNamespace();
    // Ignore the first seconds, which compile hot code.
    await flood(lab, namespace, { rate: RATE, count: RATE });
    await share(agent, 5);

    const idle = await share(agent, SECONDS);
    const count = RATE * SECONDS;
    const [before, ruleBefore] = [ruleDrops(await agent.scrape()), droppedByRule(namespace)];
    const [busy, took] = await Promise.all([share(agent, SECONDS), flood(lab, namespace, { rate: RATE, count })]);
    const dropped = droppedByRule(namespace) - ruleBefore;
    const counted = ruleDrops(await agent.scrape()) - before;
    await agent.stop();
    // Other programs may drop by rule too, and drops in softirqs may be missed. So this proves that the flood was seen, not exactness.
    if (dropped !== count || counted < count * 0.9) throw new Error(`${dropped} of ${count} dropped, ${counted} counted`);
    const rate = Math.round(count / took);
    if (rate < RATE * 0.9) throw new Error(`only ${rate} drops a second could be sent`);
    return [
      { name: 'idle', value: idle, unit: '% of a core' },
      { name: 'with the flood', value: busy, unit: '% of a core', note: `${rate} drops a second` },
      { name: 'added by the flood', value: busy - idle, unit: '% of a core', bar: 1 },
    ];
  },
};

/** Percent of a core that the agent uses over so many seconds of scrapes. */
async function share(agent: Agent, seconds: number): Promise<number> {
  const [start, began] = [cpuSeconds(agent.pid), performance.now()];
  for (let passed = 0; passed < seconds; passed += SCRAPE_EVERY_SECONDS) {
    await sleep(Math.min(SCRAPE_EVERY_SECONDS, seconds - passed) * 1000);
    await agent.scrape();
  }
  return ((cpuSeconds(agent.pid) - start) / ((performance.now() - began) / 1000)) * 100;
}

/** Drops by iptables rules that the agent has counted, in all directions. */
function ruleDrops(metrics: string): number {
  return [...metrics.matchAll(RULE_DROPS)].reduce((sum, [, value]) => sum + Number(value), 0);
}
