import { Agent, BUILT_COMMAND } from '../agent.ts';
import { outputOf, says } from '../child.ts';
import { BUILT, droppedByRule, type Lab, run } from '../lab.ts';
import { flood } from '../load.ts';
import type { Figure, Measure } from '../measure.ts';
import { idsOf, runsOf } from '../program_runs.ts';
import { median } from '../statistics.ts';

const ROUNDS = 7;
const DROPS = 300_000;
const OPT_IN = ['network.type', 'network.interface.name', 'network.namespace.inode'];
const BPFTRACE = 'tracepoint:skb:kfree_skb { @[args->reason] = count(); }';
/** Our programs on the tracepoint: one counts, the other checks whether the first was skipped. */
const OURS = /^(kfree_skb|nested)/;

/**
 * The cost of one drop, by the kernel's own clock around each program (bpf_enable_stats(2)), with all programs in the same floods.
 * Each value includes the clock. So empty programs on the same tracepoint are subtracted: as many as the programs that are compared
 * with them.
 */
export const dropCost: Measure = {
  name: 'drop_cost',
  what: `nanoseconds a drop by the kernel's program statistics, one flood for all programs, median of ${ROUNDS} times ${DROPS} drops`,

  async run(lab) {
    const empty = lab.spawn(`${BUILT}attach`, ['-s', `${BUILT}empty.bpf.o`, 'empty', 'empty_again']);
    await says(empty, 'attached');
    const start = (...set: string[]) =>
      Agent.start(lab, { command: BUILT_COMMAND, set: set.map((value) => `receivers.dropreason.${value}`) });
    const agents = {
      ours: await start(),
      optIn: await start(`attributes=[${OPT_IN.join(', ')}]`),
      stack: await start('netfilter_detail=stack'),
      advanced: await start('mode=advanced'),
      ports: await start('mode=advanced', 'flows.ports=true'),
    };
    const bpftrace = await startBpftrace(lab);
    const programs: Programs = {
      empty: idsOf(empty.pid as number, /^empty/),
      ours: idsOf(agents.ours.pid, OURS),
      optIn: idsOf(agents.optIn.pid, OURS),
      stack: idsOf(agents.stack.pid, OURS),
      advanced: idsOf(agents.advanced.pid, OURS),
      ports: idsOf(agents.ports.pid, OURS),
      bpftrace: idsOf(bpftrace.pid as number, /./),
    };

    const rounds: Costs[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const costs = await costsInFlood(lab, programs);
      if (round > 0) rounds.push(costs); // the first warms up
    }
    await Promise.all(Object.values(agents).map((agent) => agent.stop()));
    return figures(rounds, programs);
  },
};

const SUBJECTS = ['empty', 'ours', 'optIn', 'stack', 'advanced', 'ports', 'bpftrace'] as const;
type Subject = (typeof SUBJECTS)[number];
type Programs = Record<Subject, number[]>;
type Costs = Record<Subject, number>;

/** Nanoseconds a drop, of all programs of each subject, over the same flood. */
async function costsInFlood(lab: Lab, programs: Programs): Promise<Costs> {
  const namespace = lab.droppingNamespace();
  const before = new Map(SUBJECTS.map((subject) => [subject, runsOf(programs[subject])]));
  await flood(lab, namespace, { rate: 0, count: DROPS });
  const dropped = droppedByRule(namespace);
  const cost = (subject: Subject) =>
    runsOf(programs[subject]).reduce((sum, after, program) => {
      const earlier = before.get(subject)?.[program] ?? { count: 0, nanoseconds: 0 };
      const runs = after.count - earlier.count;
      // A run may be missing because the kernel keeps a program from interrupting itself. A tenth missing means another flood.
      if (dropped < DROPS || runs < DROPS * 0.9) throw new Error(`${subject} ran ${runs} times in ${dropped} drops of ${DROPS}`);
      return sum + (after.nanoseconds - earlier.nanoseconds) / runs;
    }, 0);
  return Object.fromEntries(SUBJECTS.map((subject) => [subject, cost(subject)])) as Costs;
}

function figures(rounds: readonly Costs[], programs: Programs): Figure[] {
  const unit = 'ns';
  const floor = ({ empty }: Costs) => empty / programs.empty.length;
  const over = (subject: Subject, empties = programs[subject].length) =>
    median(rounds.map((costs) => costs[subject] - floor(costs) * empties));
  const count = programs.ours.length;
  const many = count === 1 ? 'one empty program' : `${count} empty programs`;
  return [
    { name: 'an empty program, the clock included', value: median(rounds.map(floor)), unit },
    { name: `dropreason, over ${many}`, value: over('ours'), unit, bar: 25, note: 'as many as it has there' },
    { name: 'the same, over one empty program', value: over('ours', 1), unit },
    { name: 'mode: advanced, over one empty program', value: over('advanced', 1), unit, bar: 150 },
    { name: 'the same with ports, over one empty program', value: over('ports', 1), unit, note: 'flows: {ports: true}' },
    { name: `with opt-in attributes, over ${many}`, value: over('optIn'), unit, note: OPT_IN.join(', ') },
    {
      name: `with netfilter_detail: stack, over ${many}`,
      value: over('stack'),
      unit,
      note: "a drop of netfilter's; others as without",
    },
    { name: 'bpftrace @[args->reason] = count(), over one empty program', value: over('bpftrace'), unit },
  ];
}

/** bpftrace looks up tracepoints in tracefs, which may not be mounted. So it gets one in a separate mount namespace. */
async function startBpftrace(lab: Lab) {
  run('bpftrace', ['--version']);
  const script = `mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -e '${BPFTRACE}'`;
  const child = lab.spawn('unshare', ['--mount', 'sh', '-c', script]);
  await says(child, 'Attaching');
  await outputOf(lab.spawn('sleep', ['1'])); // it reports this too early
  return child;
}
