import type { Count } from './counters.ts';
import { type Expectation, expected, isWithoutReasons, reasonOn } from './expectations.ts';
import type { MeterRow, Reading } from './meter.ts';
import type { Caused, Scenario } from './scenario.ts';
import type { Family, Testbed } from './testbed.ts';
import type { View } from './view.ts';

/** The result of one scenario. main.ts prints each as a line. */
export interface Outcome {
  readonly scenario: string;
  readonly family: Family;
  readonly ok: boolean;
  readonly reason: string;
  readonly direction: string;
  readonly drops: number;
  readonly bytes: number | undefined;
  readonly expected: Expectation & Partial<Caused>;
  /** All problems; empty if there are none. */
  readonly message: string;
}

/** Slots of the whole host, to which every process adds. Only checked if a scenario causes them. */
const OTHERS_TOO = new Set(['not_packet']);
/** Slots to which only packets add, such as those of test/kernel/packets.test.ts, which runs in parallel to the calls. */
const OF_PACKETS = new Set(['fragment', 'nested']);
/**
 * An upper bound of losses: of the two programs at a return the kernel may skip one, if another task was preempted in it, and the other
 * still counts. The counts themselves prove that nothing was lost.
 */
const AT_MOST = 'calls_skipped';
const CALLS = new Set(['TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC']);

function describe(row: MeterRow): string {
  return `${row.drops} ${row.reason} ${row.direction} ${row.family}${row.error && ` ${row.error}`} of ${row.bytes} bytes`;
}

function classOf(reason: string): string | undefined {
  if (CALLS.has(reason)) return 'call';
  return reason.startsWith('IPTABLE_') ? 'policy' : undefined;
}

class Check {
  readonly problems: string[] = [];

  equal(what: string, got: unknown, wanted: unknown): void {
    if (got !== wanted) this.problems.push(`${what}: ${got}, not ${wanted}`);
  }
}

function checkLosses(check: Check, losses: Reading['losses'], scenario: Scenario, caused: Caused): void {
  const isCall = scenario.hook === 'connect' || scenario.hook === 'accept';
  for (const slot of new Set([...Object.keys(losses), ...Object.keys(caused.losses ?? {})])) {
    const wanted = caused.losses?.[slot] ?? 0;
    const got = losses[slot] ?? 0;
    if (wanted === 'any' || (slot === 'nested' && scenario.mayInterruptItself) || slot === AT_MOST) continue;
    const othersToo = OTHERS_TOO.has(slot) || (isCall && OF_PACKETS.has(slot));
    if (!othersToo) check.equal(`loss slot ${slot}`, got, wanted);
    else if (got < wanted) check.problems.push(`loss slot ${slot}: ${got}, less than ${wanted}`);
  }
}

export interface Measured {
  readonly caused: Caused;
  /** By the independent counter. */
  readonly counted: Count;
  /** By the meter, in the scenario's namespaces. */
  readonly found: Reading;
}

/** An expected row and its values. */
interface Due {
  readonly reason: string;
  readonly direction: string;
  readonly error: string;
  drops: number;
  bytes: number;
}

/** Failures by errno that must be counted with the hooks on these rungs. */
function errorsOn(scenario: Scenario, { errors, drops, onlyReturned = {} }: Caused, { rungs }: View): Record<string, number> {
  const all = Object.entries(errors ?? { [scenario.error ?? '']: drops });
  const isMissed = scenario.hook === 'connect' && rungs.connect === 'state';
  return Object.fromEntries(all.map(([error, count]) => [error, count - (isMissed ? (onlyReturned[error] ?? 0) : 0)]));
}

/** How many of the caused drops must be counted. */
export function countedOn(scenario: Scenario, caused: Caused, view: View): number {
  return Object.values(errorsOn(scenario, caused, view)).reduce((total, count) => total + count, 0);
}

/** The expected rows, the scenario's own first. Equal rows are summed. */
function duesOf(scenario: Scenario, expectation: Expectation, caused: Caused, view: View): Due[] {
  const { reason, direction } = expectation;
  const errors = Object.entries(errorsOn(scenario, caused, view));
  const own = errors.map(([error, drops]) => ({ reason, direction, error, drops, bytes: caused.bytes ?? 0 }));
  if (expectation.uncounted) for (const due of own) [due.drops, due.bytes] = [0, 0];
  const dues: Due[] = own;
  for (const also of caused.also ?? []) {
    const due = { ...also, error: '', reason: reasonOn(also.reason, view, scenario) ?? also.reason };
    const same = dues.find((one) => one.reason === due.reason && one.direction === due.direction && one.error === '');
    if (same === undefined) {
      dues.push(due);
    } else {
      same.drops += due.drops;
      same.bytes += due.bytes;
    }
  }
  return dues;
}

/** Compares the counts with the caused drops and with the independent counter. */
export function judge(scenario: Scenario, bed: Testbed, view: View, measured: Measured): Outcome {
  const { caused, counted, found } = measured;
  const expectation = expected(scenario, bed.family, view);
  const check = new Check();
  const family = scenario.network ?? bed.family;
  const isHere = (row: MeterRow) => row.family === family && (row.netns === bed.inode(scenario.at) || row.netns === 0);
  const dues = duesOf(scenario, expectation, caused, view);
  const dueOf = (row: MeterRow) =>
    isHere(row)
      ? dues.find((due) => row.reason === due.reason && row.direction === due.direction && row.error === due.error)
      : undefined;
  const nested = scenario.mayInterruptItself ? (found.losses.nested ?? 0) : 0;

  check.equal('the independent counter', counted.drops, caused.drops);
  if (counted.bytes !== undefined) check.equal('its bytes', counted.bytes, caused.bytes);
  let [drops, bytes] = [0, 0];
  for (const due of dues) {
    const rows = found.rows.filter((row) => dueOf(row) === due);
    const got = { drops: sum(rows, 'drops'), bytes: sum(rows, 'bytes') };
    const what = dues.length > 1 ? ` of ${due.reason}${due.error && ` ${due.error}`}` : '';
    check.equal(nested === 0 ? `drops${what}` : `drops with ${nested} nested`, got.drops + nested, due.drops);
    if (nested === 0) check.equal(`bytes${what}`, got.bytes, due.bytes);
    const ofClass = (due.reason === expectation.reason ? expectation.class : undefined) ?? classOf(due.reason);
    for (const row of rows) if (ofClass !== undefined) check.equal('class', row.class, ofClass);
    if (due.reason === expectation.reason) [drops, bytes] = [drops + got.drops, bytes + got.bytes];
  }
  checkBesides(check, scenario, view, found, (row) => dueOf(row) !== undefined);
  checkFlows(check, scenario, bed, found);
  checkLosses(check, found.losses, scenario, caused);
  return {
    scenario: scenario.name,
    family: bed.family,
    ok: check.problems.length === 0,
    reason: expectation.reason,
    direction: expectation.direction,
    drops,
    bytes: caused.bytes === undefined ? undefined : bytes,
    expected: { ...expectation, ...caused },
    message: check.problems.join('; '),
  };
}

function sum(rows: readonly MeterRow[], field: 'drops' | 'bytes'): number {
  return rows.reduce((total, row) => total + row[field], 0);
}

/** If flows are counted, they must equal the rows and have the addresses of the scenario. */
function checkFlows(check: Check, scenario: Scenario, bed: Testbed, { rows, flows, unequal }: Reading): void {
  check.problems.push(...unequal);
  if (flows === undefined) return;
  const own = scenario.addresses?.(bed) ?? [`${bed.source} > ${bed.target}`];
  for (const { reason, direction, family, netns, error, drops, bytes } of rows) {
    const of = flows.filter(
      (flow) =>
        flow.reason === reason &&
        flow.direction === direction &&
        flow.family === family &&
        flow.netns === netns &&
        flow.error === error,
    );
    check.equal(`flows of ${reason}`, sum(of, 'drops'), drops);
    check.equal(`their bytes`, sum(of, 'bytes'), bytes);
    if (reason !== scenario.reason) continue;
    for (const { source, destination } of of) {
      const pair = `${source} > ${destination}`;
      if (!own.includes(pair)) check.problems.push(`a flow of ${reason} ${pair}`);
    }
  }
}

/** Nothing else may be counted in these namespaces, except drops that the scenario cannot avoid. */
function checkBesides(check: Check, scenario: Scenario, view: View, found: Reading, isDue: (row: MeterRow) => boolean): void {
  const allowed = new Set([...(scenario.beside ?? []), ...(scenario.beside && isWithoutReasons(view) ? ['UNKNOWN_DROP'] : [])]);
  const isWrong = check.problems.length > 0; // then rows without a namespace, which may be from other programs, help too
  for (const row of found.rows) {
    const mayBeAnybodys = row.netns === 0 && !isWrong && !(scenario.hasMembers && row.reason === 'UNKNOWN_DROP');
    if (!isDue(row) && !mayBeAnybodys && !allowed.has(row.reason)) check.problems.push(`besides: ${describe(row)}`);
  }
}
