import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from '../agent.ts';
import type { Measure } from '../measure.ts';
import { residentMemory } from '../process_usage.ts';

const MINUTES = Number(process.env.BENCH_MINUTES ?? 10);

/** Resident memory of the agent as started by `npm start`, with own telemetry and everything in otel-collector.yaml. */
export const memory: Measure = {
  name: 'memory',
  what: `resident memory of \`npm start\` on otel-collector.yaml, a scrape a second for ${MINUTES} min (BENCH_MINUTES)`,
  steady: true,

  async run(lab) {
    const agent = await Agent.start(lab);
    await agent.scrape();
    const start = residentMemory(agent.pid).now;
    const end = performance.now() + MINUTES * 60_000;
    while (performance.now() < end) {
      await sleep(1000);
      await agent.scrape();
    }
    const { now, peak } = residentMemory(agent.pid);
    await agent.stop();
    const note = MINUTES === 10 ? {} : { note: `shortened: BENCH_MINUTES=${MINUTES}` };
    return [
      { name: 'after the first scrape', value: start, unit: 'MB' },
      { name: `after ${MINUTES} min`, value: now, unit: 'MB', bar: 78, ...note },
      { name: 'at the highest', value: peak, unit: 'MB' },
    ];
  },
};
