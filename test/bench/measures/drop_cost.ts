import { Agent, BUILT_COMMAND } from '../agent.ts';
import { outputOf, says } from '../child.ts';
import { BUILT, droppedByRule, type Lab, run } from '../lab.ts';
import { flood } from '../load.ts';
import type { Figure, Measure } from '../measure.ts';
import { programOf, type Runs, runsOf } from '../program_runs.ts';
import { median } from '../statistics.ts';

const ROUNDS = 7;
const DROPS = 300_000;
const OPT_IN = ['network.type', 'network.interface.name', 'network.namespace.inode'];
const BPFTRACE = 'tracepoint:skb:kfree_skb { @[args->reason] = count(); }';
const COUNTING = /^kfree_skb/;

/**
 * What one drop costs, by the kernel's own clock around each program (bpf_enable_stats(2)), all programs in the same floods.
 * The clock itself is in each of the values, so an empty program on the same tracepoint is the zero of the scale.
 */
export const dropCost: Measure = {
  name: 'drop_cost',
  what: `nanoseconds a drop by the kernel's program statistics, one flood for all programs, median of ${ROUNDS} times ${DROPS} drops`,

  async run(lab) {
    const empty = lab.spawn(`${BUILT}attach`, [`${BUILT}empty.bpf.o`]);
    await says(empty, 'attached');
    const agent = await Agent.start(lab, { command: BUILT_COMMAND });
    const set = [`receivers.dropreason.attributes=[${OPT_IN.join(', ')}]`];
    const withAttributes = await Agent.start(lab, { command: BUILT_COMMAND, set });
    const bpftrace = await startBpftrace(lab);
    const programs = {
      empty: programOf(empty.pid as number, /^empty$/),
      ours: programOf(agent.pid, COUNTING),
      optIn: programOf(withAttributes.pid, COUNTING),
      bpftrace: programOf(bpftrace.pid as number, /./),
    };

    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const costs = await costsInFlood(lab, programs);
      if (round > 0) rounds.push(costs); // the first warms up
    }
    await Promise.all([agent.stop(), withAttributes.stop()]);
    return figures(rounds);
  },
};

type Costs<Name extends string> = Record<Name, number>;

/** Nanoseconds a run, of each program over the same flood. */
async function costsInFlood<Name extends string>(lab: Lab, programs: Record<Name, number>): Promise<Costs<Name>> {
  const names = Object.keys(programs) as Name[];
  const namespace = lab.droppingNamespace();
  const before = new Map<Name, Runs>(names.map((name) => [name, runsOf(programs[name])]));
  await flood(lab, namespace, { rate: 0, count: DROPS });
  const dropped = droppedByRule(namespace);
  const costs = {} as Costs<Name>;
  for (const name of names) {
    const after = runsOf(programs[name]);
    const runs = after.count - (before.get(name)?.count ?? 0);
    // A run may be missing where the kernel kept a program from interrupting itself; a tenth would make it another flood.
    if (dropped < DROPS || runs < DROPS * 0.9) throw new Error(`${name} ran ${runs} times in ${dropped} drops of ${DROPS}`);
    costs[name] = (after.nanoseconds - (before.get(name)?.nanoseconds ?? 0)) / runs;
  }
  return costs;
}

function figures(rounds: readonly Costs<'empty' | 'ours' | 'optIn' | 'bpftrace'>[]): Figure[] {
  const unit = 'ns';
  const over = (name: 'ours' | 'optIn' | 'bpftrace') => median(rounds.map((costs) => costs[name] - costs.empty));
  return [
    { name: 'empty program, the clock included', value: median(rounds.map(({ empty }) => empty)), unit },
    { name: 'dropreason, over the empty program', value: over('ours'), unit, bar: 40 },
    { name: 'dropreason with opt-in attributes, over the empty program', value: over('optIn'), unit, note: OPT_IN.join(', ') },
    { name: 'bpftrace @[args->reason] = count(), over the empty program', value: over('bpftrace'), unit },
  ];
}

/** bpftrace looks tracepoints up in tracefs, which may not be mounted: it gets one in a mount namespace of its own. */
async function startBpftrace(lab: Lab) {
  run('bpftrace', ['--version']);
  const script = `mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -e '${BPFTRACE}'`;
  const child = lab.spawn('unshare', ['--mount', 'sh', '-c', script]);
  await says(child, 'Attaching');
  await outputOf(lab.spawn('sleep', ['1'])); // it says so before it has
  return child;
}
