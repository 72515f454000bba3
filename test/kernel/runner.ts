import { setTimeout as sleep } from 'node:timers/promises';
import type { Count, Counter } from './counters.ts';
import { type Expectation, expected } from './expectations.ts';
import { countedOn, judge, type Measured, type Outcome } from './judge.ts';
import { kernelLine } from './kernel_line.ts';
import { difference, type Meter, type MeterRow, type Reading } from './meter.ts';
import { whyNot } from './requirements.ts';
import { rungsOf } from './rungs.ts';
import type { Caused, Scenario } from './scenario.ts';
import { type Family, type Shape, Testbed } from './testbed.ts';
import type { View } from './view.ts';

/** How long the independent counter may stay unchanged below the caused number, in milliseconds. Emulation is slow. */
const STANDSTILL_MILLIS = 10_000;
/** The time limit, in milliseconds, for packets that the kernel frees later, such as those of a netlink socket after a grace period. */
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

/** Whether everything caused has been found. Some packets are freed a moment after they were counted, or after a grace period. */
function isThere({ rows, losses }: Reading, caused: Caused, mayInterruptItself: boolean): boolean {
  const drops = rows.reduce((sum, row) => sum + row.drops, 0);
  const due = caused.drops + (caused.also ?? []).reduce((sum, also) => sum + also.drops, 0);
  const missing = Object.entries(caused.losses ?? {}).some(([slot, count]) => count !== 'any' && (losses[slot] ?? 0) < count);
  return drops + (mayInterruptItself ? (losses.nested ?? 0) : 0) >= due && !missing;
}

/** The counts since `start` in these namespaces. Losses can't be separated by namespace. */
async function readUntilThere(
  meter: Meter,
  start: Reading,
  spaces: ReadonlySet<number>,
  isEnough: (found: Reading) => boolean,
): Promise<Reading> {
  for (const begin = Date.now(); ; await sleep(20)) {
    const all = difference(start, await meter.read());
    const isHere = ({ netns }: MeterRow) => spaces.has(netns);
    const found = { ...all, rows: all.rows.filter(isHere), flows: all.flows?.filter(isHere) };
    if (isEnough(found) || Date.now() - begin > SETTLING_MILLIS) return found;
  }
}

/** Runs the cause of a scenario once, and reads the result from every meter. */
async function measure(
  scenario: Scenario,
  bed: Testbed,
  meters: readonly Meter[],
  /** How many of the caused drops a meter must count. */
  dueOf: (meter: Meter, caused: Caused) => number,
): Promise<Measured[]> {
  const counter = scenario.counter(bed);
  const before = await counter();
  const starts = await Promise.all(meters.map((meter) => meter.read()));
  const caused = await scenario.cause(bed);
  const after = await reached(counter, before.drops + caused.drops);
  const spaces = new Set([
    ...bed.roles.map((role) => bed.inode(role)),
    ...(scenario.namespaceMayBeLost || scenario.hasMembers ? [0] : []),
  ]);
  const drops = after.drops - before.drops;
  const counted = after.bytes === undefined ? { drops } : { drops, bytes: after.bytes - (before.bytes ?? 0) };
  return Promise.all(
    meters.map(async (meter, index) => {
      // A call is counted before it returns, or not at all. So don't wait for calls that will not be counted.
      const awaited = caused.bytes === undefined ? { ...caused, drops: dueOf(meter, caused) } : caused;
      const isEnough = (found: Reading) => isThere(found, awaited, scenario.mayInterruptItself === true);
      return { caused, counted, found: await readUntilThere(meter, starts[index] as Reading, spaces, isEnough) };
    }),
  );
}

/** Namespaces, and the name of the ground created in them. */
interface Standing {
  readonly bed: Testbed;
  readonly ground: string | undefined;
}

/** Runs scenarios one after another. Reuses namespaces if the previous scenario left no trace in them. */
export class Runner {
  readonly #meters: readonly Meter[];
  readonly #beds = new Map<Shape, Standing>();
  readonly #byFunction: boolean;

  /** Several meters count the same drops at the same time. `byFunction`: they ignore the kernel's reasons. */
  constructor(meters: readonly Meter[], byFunction = false) {
    this.#meters = meters;
    this.#byFunction = byFunction;
  }

  /** Why a scenario can't run here, or can't be counted by one of the meters; undefined if it can. */
  whyNot(scenario: Scenario): string | undefined {
    return this.#meters.map((meter) => whyNot(scenario, this.#viewOf(meter))).find((why) => why !== undefined);
  }

  /** The current view of a meter. */
  #viewOf(meter: Meter): View {
    return { line: kernelLine(), rungs: rungsOf(meter.hooks()), byFunction: this.#byFunction };
  }

  /** Runs one scenario between two readings of each meter. Returns an outcome for each meter. Never rejects: errors are in the message. */
  async run(scenario: Scenario, family: Family): Promise<Outcome[]> {
    const { shape } = scenario;
    const expectationOf = (meter: Meter) => expected(scenario, family, this.#viewOf(meter));
    try {
      const bed = await this.#bedFor(scenario);
      bed.speak(family);
      const steps = scenario.setup?.(bed) ?? [];
      for (const { at, run } of steps) await bed.sh(at, run);
      const measured = await measure(scenario, bed, this.#meters, (meter, caused) =>
        expectationOf(meter).uncounted ? 0 : countedOn(scenario, caused, this.#viewOf(meter)),
      );
      const outcomes = this.#meters.map((meter, index) => judge(scenario, bed, this.#viewOf(meter), measured[index] as Measured));
      const isClean = outcomes.every(({ ok }) => ok) && steps.every(({ undo }) => undo !== undefined);
      if (!isClean) await this.#discard(shape);
      else for (const { at, undo = '' } of steps.toReversed()) await bed.sh(at, undo);
      return outcomes;
    } catch (error) {
      await this.#discard(shape);
      const message = error instanceof Error ? error.message : String(error);
      return this.#meters.map((meter) => failure(scenario, family, expectationOf(meter), message));
    }
  }

  /** Removes the namespaces. */
  async stop(): Promise<void> {
    for (const shape of [...this.#beds.keys()]) await this.#discard(shape);
  }

  async #bedFor({ shape, ground }: Scenario): Promise<Testbed> {
    const standing = this.#beds.get(shape);
    if (standing !== undefined && standing.ground === ground?.name) return standing.bed;
    if (standing?.ground !== undefined) await this.#discard(shape);
    const bed = this.#beds.get(shape)?.bed ?? (await Testbed.make(shape));
    this.#beds.set(shape, { bed, ground: ground?.name });
    for (const { at, run } of ground?.steps(bed) ?? []) await bed.sh(at, run);
    return bed;
  }

  async #discard(shape: Shape): Promise<void> {
    await this.#beds.get(shape)?.bed.remove();
    this.#beds.delete(shape);
  }
}

/** The outcome if nothing could be measured. */
function failure({ name }: Scenario, family: Family, expectation: Expectation, message: string): Outcome {
  const { reason, direction } = expectation;
  return { scenario: name, family, ok: false, reason, direction, drops: 0, bytes: undefined, expected: expectation, message };
}
