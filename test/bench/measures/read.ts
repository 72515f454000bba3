import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { Reader } from '../../../src/receivers/dropreason/rows/reader.ts';
import { openSession } from '../../../src/receivers/dropreason/session.ts';
import { flood } from '../load.ts';
import type { Measure } from '../measure.ts';
import { median, quantile } from '../statistics.ts';

const READS = 200;
const WARM_UP = 50;
const RATE = 100_000;
const EVERY_MILLIS = 20;

/** A read of all rows of all CPUs, from the kernel's memory to rows with attributes, while drops continue. */
export const read: Measure = {
  name: 'read',
  what: `milliseconds of a read of all rows, in this process, beside ${RATE} drops a second; ${READS} reads after ${WARM_UP} others`,

  async run(lab) {
    const config = configSchema.parse({});
    const session = openSession(config);
    lab.defer(() => session.probe.close());
    const reader = new Reader(session, config);
    reader.atStart();

    const seconds = ((WARM_UP + READS) * EVERY_MILLIS * 1.5) / 1000;
    const load = flood(lab, lab.droppingNamespace(), { rate: RATE, count: RATE * seconds });
    await sleep(100);
    const times: number[] = [];
    let drops = 0;
    for (let i = 0; i < WARM_UP + READS; i++) {
      const began = performance.now();
      const { rows } = reader.read();
      times.push(performance.now() - began);
      for (const row of rows) drops += row.drops;
      await sleep(EVERY_MILLIS);
    }
    await load;
    if (drops < RATE) throw new Error(`only ${drops} drops were read`);
    const warm = times.slice(WARM_UP);
    const size = `${session.probe.cpus} CPUs x ${session.probe.rows} rows`;
    const unit = 'ms';
    return [
      { name: 'the first of the process', value: times[0] ?? 0, unit, note: size },
      { name: 'median', value: median(warm), unit, bar: 1 },
      { name: '99 of 100', value: quantile(warm, 0.99), unit },
    ];
  },
};
