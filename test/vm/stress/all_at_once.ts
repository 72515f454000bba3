import { availableParallelism, constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema } from '../../../src/receivers/dropreason/config.ts';
import { native } from '../../../src/receivers/dropreason/probe.ts';
import { openSession, type Session } from '../../../src/receivers/dropreason/session.ts';
import type { Checks } from '../../support/checks.ts';
import { Battlefield, type Dropped } from './battlefield.ts';
import { type Counted, type Counter, listed, losses, readCounted } from './counted.ts';
import { ModuleLoader } from './modules.ts';
import { type Job, type Returned, storm } from './storm.ts';

/** The duration in seconds, and the rate of each sender. An emulated CPU handles some ten thousand packets a second. */
const SECONDS = Number(process.env.STRESS_SECONDS ?? 60);
const PACE = { burst: Number(process.env.STRESS_BURST ?? 4), pauseMicros: Number(process.env.STRESS_PAUSE ?? 20_000) };
const READ_EVERY_MILLIS = 5_000;

/** All CPUs drop through all hooks at once. The sum of all reasons and `nested` must equal the sum of the kernel's own counters. */
export async function allAtOnce(checks: Checks): Promise<void> {
  const field = await Battlefield.make();
  const before = total(await field.dropped());
  const session = openSession(configSchema.parse({}));
  const counter = counterOf(session);
  try {
    const hooks = new Map(session.ladder.hooks.map(({ hook, rung }) => [hook as string, rung as string]));
    checks.say(`hooks: ${[...hooks].map(([hook, rung]) => `${hook} ${rung}`).join(', ')}`);
    const modules = new ModuleLoader();
    const jobs = field.jobs(PACE);
    let over = false;
    const storming = storm(jobs, SECONDS).finally(() => {
      over = true;
    });
    const reads = await readMeanwhile(field, counter, before, () => over);
    const returned = await storming;
    const { rounds, troubles } = await modules.stop();
    await field.settle();
    const dropped = await field.dropped();
    const counted = readCounted(counter);

    checks.check(
      reads.mistakes.length === 0 && reads.times > 0,
      'read meanwhile',
      reads.mistakes.join('; ') || `${reads.times} times`,
    );
    if (rounds === 0) checks.skip('modules', troubles.join('; '));
    else checks.check(troubles.length === 0, 'modules', troubles.join('; ') || `loaded and unloaded ${rounds} times`);
    comparePackets(checks, counted, dropped, before);
    compareReasons(checks, counted, dropped, hooks);
    compareCalls(checks, counted, jobs, returned);
  } finally {
    session.probe.close();
    await field.bed.remove();
  }
}

function counterOf({ probe, reasons }: Session): Counter {
  const { notes } = native().layout;
  const ours = new Map([
    [notes.nat, 'IPTABLE_NAT_DROP'],
    [notes.conntrack, 'CONNTRACK_ADD_DROP'],
  ]);
  return { probe, listed: reasons.listed, nameOf: (reason) => ours.get(reason) ?? reasons.name(reason) };
}

/** Finds totals that fall, and totals above the number of drops after the read. */
async function readMeanwhile(field: Battlefield, counter: Counter, before: number, isOver: () => boolean) {
  const mistakes: string[] = [];
  let [last, times] = [readCounted(counter), 0];
  while (!isOver()) {
    const counted = readCounted(counter);
    const dropped = total(await field.dropped()) - before;
    times++;
    if (counted.total > dropped) mistakes.push(`${counted.total} were counted when ${dropped} had been dropped`);
    if (counted.nested < 0) mistakes.push(`nested was ${counted.nested}`);
    for (const rows of ['packets', 'calls'] as const)
      for (const [name, count] of last[rows])
        if ((counted[rows].get(name) ?? 0) < count) mistakes.push(`${name} fell from ${count} to ${counted[rows].get(name)}`);
    last = counted;
    await sleep(READ_EVERY_MILLIS);
  }
  return { mistakes, times };
}

function comparePackets(checks: Checks, counted: Counted, dropped: readonly Dropped[], before: number): void {
  const all = total(dropped) - before;
  const busy = counted.byCpu.filter((packets) => packets > 0).length;
  const cpus = availableParallelism();
  const idle = dropped.filter(({ by, drops }) => drops === 0 && by !== 'backlogs').map(({ by }) => by);
  checks.check(busy === cpus, 'all CPUs', `${counted.byCpu.join(' and ')} packets`);
  checks.check(
    idle.length === 0,
    'all causes',
    idle.length > 0 ? `none of ${idle.join(', ')}` : dropped.map(({ by, drops }) => `${by} ${drops}`).join(', '),
  );
  checks.say(`counted: ${listed(counted.packets)}; rescued ${counted.rescued}`);
  const sums = `counted ${counted.total} + nested ${counted.nested} = ${counted.total + counted.nested}, dropped ${all}`;
  checks.check(counted.total <= all && counted.nested >= 0, 'never more', sums);
  checks.check(counted.total + counted.nested === all, 'all', sums);
  checks.check(losses(counted) === '', 'slots', losses(counted) || 'nothing lost');
}

/** Each reason must equal its own counters, except for missed drops, whose reason is unknown. */
function compareReasons(checks: Checks, counted: Counted, dropped: readonly Dropped[], hooks: ReadonlyMap<string, string>): void {
  const expected = new Map<string, number>();
  for (const { reason, drops } of dropped) {
    if (drops === 0) continue;
    const untold =
      hooks.get(reason === 'IPTABLE_NAT_DROP' ? 'nat' : reason === 'CONNTRACK_ADD_DROP' ? 'conntrack' : '') === 'none';
    const told = untold ? 'IPTABLE_RULE_DROP' : reason;
    expected.set(told, (expected.get(told) ?? 0) + drops);
  }
  const seen = (reason: string) => counted.packets.get(reason) ?? 0;
  const wrong = [...new Set([...expected.keys(), ...counted.packets.keys()])].filter((reason) => {
    const missing = (expected.get(reason) ?? 0) - seen(reason);
    return missing < 0 || missing > counted.nested;
  });
  const said = wrong.map((reason) => `${reason}: counted ${seen(reason)}, dropped ${expected.get(reason) ?? 0}`);
  checks.check(wrong.length === 0, 'each reason', said.join('; ') || listed(expected));
}

/** Each failed call must be counted under its errno, except errnos that are not failures. */
function compareCalls(checks: Checks, counted: Counted, jobs: readonly Job[], returned: readonly Returned[]): void {
  const failed = new Map<string, number>();
  let interrupted = 0;
  jobs.forEach(({ kind }, index) => {
    if (kind !== 'connect' && kind !== 'accept') return;
    for (const [name, count] of Object.entries(returned[index] ?? {})) {
      // A connect that a signal has interrupted continues without its caller, and may be refused before the socket is closed.
      if (name === 'EINTR' && kind === 'connect') interrupted += count;
      if (name === 'OK' || name === 'EINTR') continue;
      const call = `${kind} ${constants.errno[name as keyof typeof constants.errno]}`;
      failed.set(call, (failed.get(call) ?? 0) + count);
    }
  });
  const calls = new Set([...failed.keys(), ...counted.calls.keys()]);
  // If the program of a call was skipped, it is unknown whether the call failed.
  const missing = [...calls].map((call) => (failed.get(call) ?? 0) - (counted.calls.get(call) ?? 0));
  const [less, more] = [missing.filter((count) => count > 0), missing.filter((count) => count < 0)].map((list) =>
    list.reduce((sum, count) => sum + Math.abs(count), 0),
  ) as [number, number];
  const ok = less <= counted.callsSkipped && more <= interrupted;
  const outcome = `skipped ${counted.callsSkipped}, interrupted connects ${interrupted}`;
  const said = `counted ${listed(counted.calls)}, the callers ${listed(failed)}; ${outcome}`;
  checks.check(ok && failed.size > 2, 'failed calls', said);
}

function total(dropped: readonly Dropped[]): number {
  return dropped.reduce((sum, { drops }) => sum + drops, 0);
}
