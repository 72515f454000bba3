import { setTimeout as sleep } from 'node:timers/promises';
import { SHARED_PROGRAM } from '../../../src/receivers/dropreason/attach/hooks.ts';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { openSession } from '../../../src/receivers/dropreason/session.ts';
import { end, outputOf, says } from '../child.ts';
import { BUILT, type Lab, LOAD_CPU } from '../lab.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const ROUNDS = 15;
const PROCESSES = 4;
const LOOPS = 20;
const CALLS = 10_000;

/** Not a default on any kernel. */
const FORCED = { attach: ['tracepoint'] };
const OFF = { enabled: false };

/**
 * On the rung `tracepoint`, failed connects and accepts are counted by a program at the return of every system call. This is its cost
 * for all other calls, and the kernel's own share of it, which the agent can't reduce.
 */
export const syscallCost: Measure = {
  name: 'syscall_cost',
  what: `nanoseconds of a getppid(2), medians of ${ROUNDS} rounds in which each is compared with nothing attached just before`,

  async run(lab) {
    const ways = {
      traced: () => withAttached(lab, 'empty_other'),
      empty: () => withAttached(lab, 'empty_exit'),
      on: () => withSession(lab, { connect: FORCED, accept: FORCED }),
      byDefault: () => withSession(lab, {}),
      off: () => withSession(lab, { connect: OFF, accept: OFF }),
    };
    const none: number[] = [];
    const added = {
      traced: [] as number[],
      empty: [] as number[],
      on: [] as number[],
      byDefault: [] as number[],
      off: [] as number[],
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
        const before = await getppid(lab);
        none.push(before);
        added[way].push((await ways[way]()) - before);
      }
    }
    const unit = 'ns';
    return [
      { name: 'getppid with nothing attached', value: median(none), unit },
      {
        name: 'programs that run at the return of every system call, in the default configuration',
        value: programsAtReturn(),
        unit: '',
        bar: 0,
      },
      { name: 'added in the default configuration', value: median(added.byDefault), unit, note: 'as much as with both off' },
      {
        name: 'added by connect and accept on tracepoint, which no default has',
        value: median(added.on),
        unit,
      },
      { name: "of that, an empty program at system calls' return", value: median(added.empty), unit },
      {
        name: 'of that, a kernel that looks whether a call is traced',
        value: median(added.traced),
        unit,
        note: 'no program runs',
      },
      { name: 'added by the agent with both off', value: median(added.off), unit },
    ];
  },
};

/** With one program of test/bench/empty.bpf.c attached. Classic tracepoints are looked up in tracefs, which may not be mounted. */
async function withAttached(lab: Lab, program: string): Promise<number> {
  const attach = `mount -t tracefs tracefs /sys/kernel/tracing && exec ${BUILT}attach ${BUILT}empty.bpf.o ${program}`;
  const child = lab.spawn('unshare', ['--mount', 'sh', '-c', attach]);
  await says(child, 'attached');
  try {
    return await getppid(lab);
  } finally {
    await end(child);
  }
}

/** How many of these programs the agent attaches by default. */
function programsAtReturn(): number {
  const { probe } = openSession(configSchema.parse({}));
  try {
    return probe.attached.filter(({ program }) => program === SHARED_PROGRAM).length;
  } finally {
    probe.close();
  }
}

/** With everything that the agent attaches for these switches, but without its process, which would be idle. */
async function withSession(lab: Lab, hooks: Record<string, unknown>): Promise<number> {
  const session = openSession(configSchema.parse({ hooks }));
  lab.defer(() => session.probe.close());
  try {
    return await getppid(lab);
  } finally {
    session.probe.close();
  }
}

/** The minimum over several processes and loops, because other work on the CPU can only add time. */
async function getppid(lab: Lab): Promise<number> {
  await sleep(50); // let the last attach or detach settle
  const times: number[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    times.push(Number(await outputOf(lab.spawn(`${BUILT}getppid`, [`${LOAD_CPU}`, `${CALLS}`, `${LOOPS}`]))));
  }
  return Math.min(...times);
}
