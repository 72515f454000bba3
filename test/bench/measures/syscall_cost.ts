import { Agent, BUILT_COMMAND } from '../agent.ts';
import { outputOf } from '../child.ts';
import { BUILT, type Lab, LOAD_CPU } from '../lab.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const ROUNDS = 9;
const LOOPS = 40;
const CALLS = 50_000;
const WITHOUT_HOOKS = ['connect', 'accept'].map((hook) => `receivers.dropreason.hooks.${hook}.enabled=false`);

/** What the hook at the return of every system call, which failed connects and accepts are seen at, costs all the others. */
export const syscallCost: Measure = {
  name: 'syscall_cost',
  what: `nanoseconds of a getppid(2), median of ${ROUNDS} interleaved rounds, each the least of ${LOOPS} times ${CALLS} calls`,

  async run(lab) {
    const none: number[] = [];
    const off: number[] = [];
    const on: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      none.push(await getppid(lab));
      off.push(await withAgent(lab, WITHOUT_HOOKS));
      on.push(await withAgent(lab, []));
    }
    const unit = 'ns';
    const pairs = (values: number[], base: number[]) => median(values.map((value, round) => value - (base[round] as number)));
    return [
      { name: 'getppid without the agent', value: median(none), unit },
      { name: 'added by the agent, hooks connect and accept off', value: pairs(off, none), unit },
      { name: 'added by the agent, hooks connect and accept on', value: pairs(on, none), unit },
    ];
  },
};

async function withAgent(lab: Lab, set: readonly string[]): Promise<number> {
  const agent = await Agent.start(lab, { command: BUILT_COMMAND, set });
  try {
    return await getppid(lab);
  } finally {
    await agent.stop();
  }
}

/** The least of some loops: whatever else the CPU did in between only adds. */
async function getppid(lab: Lab): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let loop = 0; loop < LOOPS; loop++) {
    least = Math.min(least, Number(await outputOf(lab.spawn(`${BUILT}getppid`, [`${LOAD_CPU}`, `${CALLS}`]))));
  }
  return least;
}
