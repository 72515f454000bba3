import { setTimeout as sleep } from 'node:timers/promises';
import type { Count, Counter } from './counters.ts';
import { expected, type View } from './expectations.ts';
import { judge, type Measured, type Outcome } from './judge.ts';
import { kernelLine } from './kernel_line.ts';
import { difference, type Meter, type MeterRow, type Reading } from './meter.ts';
import { rungsOf } from './rungs.ts';
import type { Caused, Scenario } from './scenario.ts';
import { type Family, type Shape, Testbed } from './testbed.ts';

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

/** Whether as much as was caused has been found: some is freed a moment after it was counted, or after a grace period. */
function isThere({ rows, losses }: Reading, caused: Caused): boolean {
  const drops = rows.reduce((sum, row) => sum + row.drops, 0);
  const due = caused.drops + (caused.also ?? []).reduce((sum, also) => sum + also.drops, 0);
  const missing = Object.entries(caused.losses ?? {}).some(([slot, count]) => count !== 'any' && (losses[slot] ?? 0) < count);
  return drops + (losses.nested ?? 0) >= due && !missing;
}

/** What was found since `start` in these namespaces; losses can't be told apart by namespace. */
async function readUntilThere(meter: Meter, start: Reading, caused: Caused, spaces: ReadonlySet<number>): Promise<Reading> {
  for (const begin = Date.now(); ; await sleep(20)) {
    const all = difference(start, await meter.read());
    const isHere = ({ netns }: MeterRow) => spaces.has(netns);
    const found = { ...all, rows: all.rows.filter(isHere), flows: all.flows?.filter(isHere) };
    if (isThere(found, caused) || Date.now() - begin > SETTLING_MILLIS) return found;
  }
}

async function measure(scenario: Scenario, bed: Testbed, meter: Meter, uncounted: boolean): Promise<Measured> {
  const counter = scenario.counter(bed);
  const before = await counter();
  const start = await meter.read();
  const caused = await scenario.cause(bed);
  const after = await reached(counter, before.drops + caused.drops);
  const spaces = new Set([
    ...bed.roles.map((role) => bed.inode(role)),
    ...(scenario.namespaceMayBeLost || scenario.hasMembers ? [0] : []),
  ]);
  // A call is counted before it returns, if it is at all: nothing to wait for where it won't be.
  const awaited = uncounted && caused.bytes === undefined ? { ...caused, drops: 0 } : caused;
  const found = await readUntilThere(meter, start, awaited, spaces);
  const counted = { drops: after.drops - before.drops };
  return {
    caused,
    found,
    counted: after.bytes === undefined ? counted : { ...counted, bytes: after.bytes - (before.bytes ?? 0) },
  };
}

/** Runs scenarios one after another, in namespaces that are used again where the scenario before left no trace in them. */
export class Runner {
  readonly #meter: Meter;
  readonly #beds = new Map<Shape, Testbed>();

  readonly #byFunction: boolean;

  /** `byFunction`: the meter leaves the kernel's reasons unused. */
  constructor(meter: Meter, byFunction = false) {
    this.#meter = meter;
    this.#byFunction = byFunction;
  }

  /** How the meter counts now. */
  get view(): View {
    return { line: kernelLine(), rungs: rungsOf(this.#meter.hooks()), byFunction: this.#byFunction };
  }

  /** Runs one scenario between two readings of the meter. Never rejects: what goes wrong is the message. */
  async run(scenario: Scenario, family: Family): Promise<Outcome> {
    const { shape, name } = scenario;
    const { view } = this;
    const expectation = expected(scenario, family, view);
    let outcome: Outcome;
    try {
      const bed = this.#beds.get(shape) ?? (await Testbed.make(shape));
      this.#beds.set(shape, bed);
      bed.speak(family);
      const steps = scenario.setup?.(bed) ?? [];
      for (const { at, run } of steps) await bed.sh(at, run);
      outcome = judge(scenario, bed, view, await measure(scenario, bed, this.#meter, expectation.uncounted === true));
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
