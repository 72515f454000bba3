import type { Testbed } from '../../kernel/testbed.ts';
import { Agent, BUILT_COMMAND } from '../agent.ts';
import { says } from '../child.ts';
import { BUILT, droppedByRule, type Lab } from '../lab.ts';
import { flood, forward } from '../load.ts';
import type { Figure, Measure } from '../measure.ts';
import { runsOfProcess } from '../program_runs.ts';
import { withNatRouter } from '../router.ts';

const WINDOWS = 10;
const PACKETS = 50_000;
const CONNECTION = 500;
const DROPS = 1_000;
/** Programs that run for each system call of any process, not for each packet. */
const BY_CALL = 'sys_exit';

/** Program runs for packets that aren't dropped: none, if the agent uses tracepoints. */
export const passing: Measure = {
  name: 'passing',
  what: `runs of the agent's programs beside ${WINDOWS * PACKETS} packets that a router forwards, ${CONNECTION} a connection, with conntrack and NAT`,

  async run(lab) {
    const statistics = lab.spawn(`${BUILT}attach`, ['-s']);
    await says(statistics, 'attached');
    const agent = await Agent.start(lab, { command: BUILT_COMMAND });
    const figures = await withNatRouter(lab, (bed) => besideForwarding(lab, bed, agent.pid));
    await mustCount(lab, agent.pid);
    await agent.stop();
    return figures;
  },
};

type Added = ReadonlyMap<string, number>;

async function besideForwarding(lab: Lab, bed: Testbed, pid: number): Promise<Figure[]> {
  const windows: Added[] = [];
  let calls = 0;
  await forward(lab, bed, { count: CONNECTION }); // the first packets load the modules
  for (let i = 0; i < WINDOWS; i++) {
    const window = await added(pid, async () => {
      calls += (await forward(lab, bed, { count: PACKETS, connection: CONNECTION })).calls;
    });
    windows.push(window);
  }
  const programs = [...(windows[0] as Added).keys()];
  const total = (program: string) => windows.reduce((sum, window) => sum + (window.get(program) ?? 0), 0);
  // Other traffic only adds runs. A program that runs for passing packets would run in every window.
  const least = (program: string) => Math.min(...windows.map((window) => window.get(program) ?? 0));
  const ours = programs.filter((program) => program !== BY_CALL);
  const sum = (of: (program: string) => number) => ours.reduce((all, program) => all + of(program), 0);
  const unit = 'runs';
  return [
    { name: 'packets forwarded', value: WINDOWS * PACKETS, unit: 'packets' },
    {
      name: `all programs but ${BY_CALL}`,
      value: sum(total),
      unit,
      bar: 0,
      note: ours.map((name) => `${name} ${total(name)}`).join(', '),
    },
    { name: 'the same, in the quietest tenth of the packets', value: sum(least), unit },
    {
      name: BY_CALL,
      value: total(BY_CALL),
      unit,
      note: `by system call, not by packet: ${calls} are those of the sender and receiver`,
    },
  ];
}

/** Proves that runs are counted at all. */
async function mustCount(lab: Lab, pid: number): Promise<void> {
  const namespace = lab.droppingNamespace();
  const runs = await added(pid, async () => void (await flood(lab, namespace, { rate: 0, count: DROPS })));
  const counted = Math.max(...[...runs].map(([name, count]) => (name.startsWith('kfree_skb') ? count : 0)));
  const dropped = droppedByRule(namespace);
  if (dropped < DROPS || counted < DROPS * 0.9) throw new Error(`${dropped} drops beside, but ${counted} runs of kfree_skb`);
}

/** How often each of the agent's programs ran during `work`, by name. */
async function added(pid: number, work: () => Promise<void>): Promise<Added> {
  const before = runsOfProcess(pid);
  await work();
  const after = runsOfProcess(pid);
  const counts = new Map<string, number>();
  for (const [id, { name, count }] of after) {
    counts.set(name, (counts.get(name) ?? 0) + count - (before.get(id)?.count ?? 0));
  }
  return counts;
}
