import { setTimeout as sleep } from 'node:timers/promises';
import type { Count, Counter } from './counters.ts';
import { type Expectation, expected, kernelLine } from './expectations.ts';
import { difference, type Meter, type MeterRow, type Reading } from './meter.ts';
import type { Caused, Scenario } from './scenario.ts';
import { type Family, type Shape, Testbed } from './testbed.ts';

/** How one scenario went; what main.ts prints, a line each. */
export interface Outcome {
  readonly scenario: string;
  readonly family: Family;
  readonly ok: boolean;
  readonly reason: string;
  readonly direction: string;
  readonly drops: number;
  readonly bytes: number | undefined;
  readonly expected: Expectation & Partial<Caused>;
  /** Everything that isn't as it should be; empty where it is. */
  readonly message: string;
}

/** Slots of the whole host, which every process adds to: asked for only where a scenario causes them. */
const OTHERS_TOO = new Set(['not_packet']);
const CALLS = new Set(['TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC']);
/** How long the independent counter may stand still below what was caused, in milliseconds; emulation is slow. */
const STANDSTILL_MILLIS = 10_000;
/** How long what the kernel frees later, such as a netlink socket after a grace period, may take, in milliseconds. */
const SETTLING_MILLIS = 3_000;

async function reached(counter: Counter, drops: number): Promise<Count> {
  let count = await counter();
  for (let last = count.drops, since = Date.now(); count.drops < drops && Date.now() - since < STANDSTILL_MILLIS; ) {
    await sleep(20);
    count = await counter();
    if (count.drops !== last) [last, since] = [count.drops, Date.now()];
  }
  return count;
}

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
  for (const slot of new Set([...Object.keys(losses), ...Object.keys(caused.losses ?? {})])) {
    const wanted = caused.losses?.[slot] ?? 0;
    const got = losses[slot] ?? 0;
    if (wanted === 'any' || (slot === 'nested' && scenario.mayInterruptItself)) continue;
    if (!OTHERS_TOO.has(slot)) check.equal(`loss slot ${slot}`, got, wanted);
    else if (got < wanted) check.problems.push(`loss slot ${slot}: ${got}, less than ${wanted}`);
  }
}

interface Measured {
  readonly caused: Caused;
  /** By the independent counter. */
  readonly counted: Count;
  /** By the meter, in the scenario's namespaces. */
  readonly found: Reading;
}

/** Whether as much as was caused has been found: some is freed a moment after it was counted, or after a grace period. */
function isThere({ rows, losses }: Reading, caused: Caused): boolean {
  const drops = rows.reduce((sum, row) => sum + row.drops, 0);
  const missing = Object.entries(caused.losses ?? {}).some(([slot, count]) => count !== 'any' && (losses[slot] ?? 0) < count);
  return drops + (losses.nested ?? 0) >= caused.drops && !missing;
}

/** What was found since `start` in these namespaces; losses can't be told apart by namespace. */
async function readUntilThere(meter: Meter, start: Reading, caused: Caused, spaces: ReadonlySet<number>): Promise<Reading> {
  for (const begin = Date.now(); ; await sleep(20)) {
    const { rows, losses } = difference(start, await meter.read());
    const found = { rows: rows.filter((row) => spaces.has(row.netns)), losses };
    if (isThere(found, caused) || Date.now() - begin > SETTLING_MILLIS) return found;
  }
}

async function measure(scenario: Scenario, bed: Testbed, meter: Meter): Promise<Measured> {
  const counter = scenario.counter(bed);
  const before = await counter();
  const start = await meter.read();
  const caused = await scenario.cause(bed);
  const after = await reached(counter, before.drops + caused.drops);
  const spaces = new Set([
    ...bed.roles.map((role) => bed.inode(role)),
    ...(scenario.namespaceMayBeLost || scenario.hasMembers ? [0] : []),
  ]);
  const found = await readUntilThere(meter, start, caused, spaces);
  const counted = { drops: after.drops - before.drops };
  return {
    caused,
    found,
    counted: after.bytes === undefined ? counted : { ...counted, bytes: after.bytes - (before.bytes ?? 0) },
  };
}

function judge(scenario: Scenario, bed: Testbed, expectation: Expectation, { caused, counted, found }: Measured): Outcome {
  const check = new Check();
  const { rows } = found;
  const isWanted = (row: MeterRow) =>
    row.reason === expectation.reason &&
    row.direction === expectation.direction &&
    row.family === bed.family &&
    (row.netns === bed.inode(scenario.at) || row.netns === 0) &&
    row.error === (scenario.error ?? '');
  const wanted = rows.filter(isWanted);
  const drops = wanted.reduce((sum, row) => sum + row.drops, 0);
  const bytes = wanted.reduce((sum, row) => sum + row.bytes, 0);
  const nested = scenario.mayInterruptItself ? (found.losses.nested ?? 0) : 0;
  const allowed = new Set([...(scenario.beside ?? []), ...(scenario.beside && kernelLine() === '5.10' ? ['UNKNOWN_DROP'] : [])]);

  check.equal('the independent counter', counted.drops, caused.drops);
  if (counted.bytes !== undefined) check.equal('its bytes', counted.bytes, caused.bytes);
  const due = expectation.uncounted ? { drops: 0, bytes: 0 } : caused;
  check.equal(nested === 0 ? 'drops' : `drops with ${nested} nested`, drops + nested, due.drops);
  if (nested === 0) check.equal('bytes', bytes, due.bytes ?? 0);
  const ofClass = classOf(expectation.reason);
  for (const row of wanted) if (ofClass !== undefined) check.equal('class', row.class, ofClass);
  const isWrong = check.problems.length > 0; // then what has no namespace, which may be anybody's, tells something too
  for (const row of rows) {
    const mayBeAnybodys = row.netns === 0 && !isWrong && !(scenario.hasMembers && row.reason === 'UNKNOWN_DROP');
    if (!isWanted(row) && !mayBeAnybodys && !allowed.has(row.reason)) check.problems.push(`besides: ${describe(row)}`);
  }
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

/** Runs scenarios one after another, in namespaces that are used again where the scenario before left no trace in them. */
export class Runner {
  readonly #meter: Meter;
  readonly #beds = new Map<Shape, Testbed>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Runs one scenario between two readings of the meter. Never rejects: what goes wrong is the message. */
  async run(scenario: Scenario, family: Family): Promise<Outcome> {
    const { shape, name } = scenario;
    const expectation = expected(scenario, family, kernelLine());
    let outcome: Outcome;
    try {
      const bed = this.#beds.get(shape) ?? (await Testbed.make(shape));
      this.#beds.set(shape, bed);
      bed.speak(family);
      const steps = scenario.setup?.(bed) ?? [];
      for (const { at, run } of steps) await bed.sh(at, run);
      outcome = judge(scenario, bed, expectation, await measure(scenario, bed, this.#meter));
      if (!outcome.ok || steps.some(({ undo }) => undo === undefined)) await this.#discard(shape);
      else for (const { at, undo = '' } of steps.toReversed()) await bed.sh(at, undo);
    } catch (error) {
      await this.#discard(shape);
      const { reason, direction } = expectation;
      const message = error instanceof Error ? error.message : String(error);
      outcome = {
        scenario: name,
        family,
        ok: false,
        reason,
        direction,
        drops: 0,
        bytes: undefined,
        expected: expectation,
        message,
      };
    }
    return outcome;
  }

  /** Removes the namespaces. */
  async stop(): Promise<void> {
    for (const shape of [...this.#beds.keys()]) await this.#discard(shape);
  }

  async #discard(shape: Shape): Promise<void> {
    await this.#beds.get(shape)?.remove();
    this.#beds.delete(shape);
  }
}
