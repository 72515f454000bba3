import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema, type Rung } from '../../../src/receivers/dropreason/config.ts';
import { openSession, type Session } from '../../../src/receivers/dropreason/session.ts';
import type { Testbed } from '../../kernel/testbed.ts';
import { end, says } from '../child.ts';
import { BUILT, type Lab } from '../lab.ts';
import { forward } from '../load.ts';
import type { Figure, Measure } from '../measure.ts';
import { withNatRouter } from '../router.ts';
import { median } from '../statistics.ts';

const PACKETS = 50_000;
const CONNECTIONS = 5_000;
const ROUNDS = 7;
/** The hooks with several rungs, and the rungs that all of them have. */
const HOOKS = ['nat', 'conntrack', 'connect', 'accept'] as const;
const RUNGS = ['fexit', 'kprobe', 'tracepoint'] as const satisfies readonly Rung[];
/** Programs that run for each system call, not for each packet. */
const BY_CALL = 'sys_exit';
/** The model name of a processor that qemu emulates. */
const EMULATED = /\bTCG\b/.test(cpus()[0]?.model ?? '');

/** The cost of a passing packet on each rung, on a kernel that has the higher rungs: for the virtual machine. */
export const passingRungs: Measure = {
  name: 'passing_rungs',
  what: `nanoseconds of our programs for a packet that a router forwards with conntrack and NAT, by rung; ${PACKETS} of one connection, ${CONNECTIONS} of one each; packets a second over ${ROUNDS} rounds`,
  elsewhere: true,

  run: (lab) =>
    withNatRouter(lab, async (bed) => {
      await forward(lab, bed, { count: 100, connection: 1 }); // the first packets load the modules
      const rungs = RUNGS.filter((rung) => stands(rung));
      const costs: Figure[] = [];
      for (const rung of rungs) costs.push(...(await costsOn(rung, { lab, bed })));
      return [...costs, ...(await speeds(rungs, { lab, bed }))];
    }),
};

interface Road {
  readonly lab: Lab;
  readonly bed: Testbed;
}

/** All hooks on one rung; hooks without it are off. */
function open(rung: Rung): Session {
  return openSession(configSchema.parse({ hooks: Object.fromEntries(HOOKS.map((hook) => [hook, { attach: [rung] }])) }));
}

/** Whether this kernel has the rung. Tracepoints don't report NAT and conntrack. */
function stands(rung: Rung): boolean {
  const session = open(rung);
  session.probe.close();
  return session.ladder.hooks.some(({ hook, attached }) => hook === (rung === 'tracepoint' ? 'connect' : 'nat') && attached);
}

/** Program runs for each packet, of an established connection and of new ones. */
async function costsOn(rung: Rung, { lab, bed }: Road): Promise<Figure[]> {
  const statistics = lab.spawn(`${BUILT}attach`, ['-s']);
  await says(statistics, 'attached');
  const session = open(rung);
  lab.defer(() => session.probe.close());
  const loads = [
    { what: 'a packet of an established connection', count: PACKETS, connection: PACKETS },
    { what: 'the first packet of a connection', count: CONNECTIONS, connection: 1 },
  ];
  const figures: Figure[] = [];
  for (const { what, ...load } of loads) {
    const before = session.probe.statistics();
    await forward(lab, bed, load);
    const programs = session.probe.statistics().map(({ program, runs, runNanoseconds }, i) => {
      const earlier = before[i] ?? { runs: 0, runNanoseconds: 0 };
      return { program, runs: runs - earlier.runs, nanoseconds: runNanoseconds - earlier.runNanoseconds };
    });
    const ran = programs.filter(({ program, runs }) => runs > 0 && program !== BY_CALL);
    const often = ran.filter(({ runs }) => runs >= load.count / 100); // without those that ran only for its first packet
    const each = often.map(
      ({ program, runs, nanoseconds }) => `${program} ${(runs / load.count).toFixed(2)} x ${(nanoseconds / runs).toFixed(0)}`,
    );
    const value = ran.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / load.count;
    figures.push({ name: `${rung}: ${what}`, value, unit: EMULATED ? 'emulated ns' : 'ns', note: each.join(', ') });
  }
  session.probe.close();
  await end(statistics);
  return figures;
}

/** Packets a second of one connection, alternately with nothing attached and on each rung. Includes the work of sender and receiver. */
async function speeds(rungs: readonly Rung[], { lab, bed }: Road): Promise<Figure[]> {
  const without: number[] = [];
  const beside = new Map(rungs.map((rung) => [rung, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    without.push(await speed({ lab, bed }));
    for (const [rung, values] of beside) {
      const session = open(rung);
      lab.defer(() => session.probe.close());
      values.push(await speed({ lab, bed }));
      session.probe.close();
    }
  }
  const unit = EMULATED ? 'emulated packets/s' : 'packets/s';
  const percent = (values: readonly number[]) => (median(values.map((value, i) => value / (without[i] as number))) - 1) * 100;
  return [
    { name: 'nothing attached', value: median(without), unit },
    ...[...beside].map(([rung, values]) => {
      return { name: `${rung}: beside it`, value: median(values), unit, note: `${percent(values).toFixed(1)} %` };
    }),
  ];
}

async function speed({ lab, bed }: Road): Promise<number> {
  await sleep(200); // let the last attach or detach settle
  const { packets, seconds } = await forward(lab, bed, { count: PACKETS });
  return packets / seconds;
}
