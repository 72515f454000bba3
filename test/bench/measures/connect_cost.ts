import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { openSession } from '../../../src/receivers/dropreason/session.ts';
import { outputOf } from '../child.ts';
import { BUILT, type Lab, LOAD_CPU } from '../lab.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const ROUNDS = 15;
const CONNECTIONS = 500;
const LOOPS = 20;

/** The cost of the hook `connect` for a connection that doesn't fail, for all its system calls together. */
export const connectCost: Measure = {
  name: 'connect_cost',
  what: `nanoseconds of a connection on loopback, begun, accepted and reset; medians of ${ROUNDS} rounds, each compared with \`connect\` off just before`,

  async run(lab) {
    const [off, added]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const before = await connection(lab, false);
      off.push(before);
      added.push((await connection(lab, true)) - before);
    }
    const unit = 'ns';
    return [
      { name: 'a connection with connect off', value: median(off), unit },
      { name: 'added by connect', value: median(added), unit, note: 'on the highest rung that this kernel has by default' },
    ];
  },
};

/** With everything that the agent attaches, but without its process, which would be idle. */
async function connection(lab: Lab, enabled: boolean): Promise<number> {
  const session = openSession(configSchema.parse({ hooks: { connect: { enabled }, accept: { enabled: false } } }));
  lab.defer(() => session.probe.close());
  try {
    await sleep(50); // let the last attach or detach settle
    return Number(await outputOf(lab.spawn(`${BUILT}connects`, [`${LOAD_CPU}`, `${CONNECTIONS}`, `${LOOPS}`])));
  } finally {
    session.probe.close();
  }
}
