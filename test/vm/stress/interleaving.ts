import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../../../src/receivers/dropreason/probe.ts';
import { nftRules, qdiscDrops } from '../../kernel/counters.ts';
import { Testbed } from '../../kernel/testbed.ts';
import type { Checks } from '../../support/checks.ts';
import { type Counted, listed, losses, readCounted } from './counted.ts';
import { Interrupter, type Place, type Waits } from './interrupter.ts';
import { Programs } from './programs.ts';
import { storm } from './storm.ts';

/** Same value as in interrupted.h. */
const WAITING_MARK = 0x5eed;
/** Dropped while they are sent, in the sending task. */
const TO_RULE_OF_OUTPUT = 7001;
/** Dropped when they arrive, in a softirq. */
const TO_RULE_OF_INPUT = 7002;
const FROM_TASK = 1_000;
/** A queue that releases a datagram every half millisecond, by a timer, on the CPU of the task. */
const QUEUED = 6_000;
/** The number of waits in a place that is only reached for new rows. Nothing has to interrupt these. */
const FEW = 10;
const QUEUE = 'tbf rate 2300kbit burst 1600 limit 4000000';

const RULES = {
  client: `add table inet t; add chain inet t c { type filter hook output priority 0; };
    add rule inet t c udp dport ${TO_RULE_OF_OUTPUT} counter drop`,
  server: `add table inet t; add chain inet t c { type filter hook input priority 0; };
    add rule inet t c udp dport ${TO_RULE_OF_INPUT} counter drop`,
};

/**
 * Softirqs drop packets while the drop of a task is in the first program or between the two. Counted plus missed drops must equal all
 * drops, and never exceed them.
 */
export async function interleaving(checks: Checks): Promise<void> {
  const { protocol, interface: device, netns, everyLocation, stack } = native().layout.attributes;
  await interleave(checks, 'node rows', 0);
  await interleave(checks, 'all attributes', protocol | device | netns | everyLocation | stack);
}

async function interleave(checks: Checks, what: string, attributes: number): Promise<void> {
  const bed = await Testbed.make('pair');
  const interrupter = new Interrupter();
  const programs = new Programs(attributes);
  try {
    await bed.sh('client', `nft '${RULES.client}'; tc qdisc add dev eth0 root ${QUEUE}`);
    await bed.sh('server', `nft '${RULES.server}'`);
    const places = await attachInOrder(programs, interrupter);
    await send(bed);
    const dropped: number[] = [];
    for (const counter of [nftRules(bed, 'client'), nftRules(bed, 'server'), qdiscDrops(bed, 'client', 'eth0')])
      dropped.push((await counter()).drops);
    const report = await interrupter.report();
    const attached = places.map((place) => [place, report[place]] as const);
    compare(checks, what, programs.facts.guarded, { dropped, counted: readCounted(programs), waits: attached });
  } finally {
    programs.probe.close();
    await interrupter.close();
    await bed.remove();
  }
}

/** In the order in which the kernel should call them. */
async function attachInOrder(programs: Programs, interrupter: Interrupter): Promise<Place[]> {
  await interrupter.attach('before');
  programs.attachDrops('kfree_skb');
  await interrupter.attach('between');
  if (programs.facts.guarded) programs.attachDrops('nested');
  const places: Place[] = ['between'];
  for (const place of ['lookup', 'chain', 'processor'] as const) if (await interrupter.attachAt(place)) places.push(place);
  return places;
}

async function send(bed: Testbed): Promise<void> {
  const job = { netns: bed.netns('client'), cpu: availableParallelism() - 1, kind: 'send' } as const;
  const queued = { ...job, port: TO_RULE_OF_INPUT, burst: QUEUED / 2, count: QUEUED / 2 };
  await storm(
    ['10.1.0.2', 'fd01::2'].map((address) => ({ ...queued, address })),
    60,
  );
  await storm(
    [{ ...job, address: '10.1.0.2', port: TO_RULE_OF_OUTPUT, burst: FROM_TASK, count: FROM_TASK, mark: WAITING_MARK }],
    60,
  );
  // Let the queue drain without interruptions.
  while (!(await bed.sh('client', 'tc -s qdisc show dev eth0')).includes('backlog 0b 0p')) await sleep(100);
}

interface Seen {
  readonly dropped: readonly number[];
  readonly counted: Counted;
  readonly waits: readonly (readonly [Place, Waits])[];
}

function compare(checks: Checks, what: string, guarded: boolean, { dropped, counted, waits }: Seen): void {
  const all = dropped.reduce((sum, drops) => sum + drops, 0);
  const [fromTask = 0, fromSoftirqs = 0] = dropped;
  const reached = waits.filter(([, place]) => place.waits > 0);
  const seen = reached.map(
    ([place, { waits, interrupted, drops }]) => `${place}: ${drops} drops in ${interrupted} of ${waits} waits`,
  );
  checks.check(
    fromTask === FROM_TASK && fromSoftirqs > 0,
    `${what}, dropped`,
    `${fromTask} by the task, ${fromSoftirqs} in softirqs`,
  );
  // On PREEMPT_RT softirqs run in threads, which wait until the task's drop has ended. This is reported, and the equation still holds.
  const threads = existsSync('/sys/kernel/realtime');
  checks.check(
    threads || reached.every(([, place]) => place.interrupted > 0 || place.waits < FEW),
    `${what}, interrupted${threads ? ' (threads)' : ''}`,
    seen.join('; '),
  );
  const sums = `counted ${counted.total} + nested ${counted.nested} = ${counted.total + counted.nested}, dropped ${all}`;
  checks.check(counted.total <= all && counted.nested >= 0, `${what}, never more`, sums);
  checks.check(counted.total + counted.nested === all, `${what}, all`, `${sums} (${listed(counted.packets)})`);
  const forced = reached.filter(([place]) => place !== 'between').reduce((sum, [, { drops }]) => sum + drops, 0);
  const rescued = `rescued ${counted.rescued}, of which ${forced} came while the first program waited; nested ${counted.nested}`;
  checks.check(
    guarded ? counted.rescued >= forced && counted.nested <= all / 1_000 : counted.nested === 0,
    `${what}, rescued`,
    rescued,
  );
  checks.check(losses(counted) === '', `${what}, slots`, losses(counted) || 'nothing lost');
}
