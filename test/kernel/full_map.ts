import { kernelLine } from './kernel_line.ts';
import { difference, type Meter, type Reading } from './meter.ts';
import type { Result } from './report.ts';
import { rungsOf } from './rungs.ts';
import type { Caused, Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { type Family, Testbed } from './testbed.ts';

const NAME = 'full map/new reasons';

/** A configuration in which the map of rows with opt-in attributes is full immediately, and also the flow map, if there is one. */
export const FULL_CONFIG = { attributes_max_entries: 1, flows: { max_entries: 1 } };

const NAMES = ['nftables/inet output', 'iptables-nft/INPUT', 'connect/no port left', 'accept/not listening'];

/** Scenarios that are counted in the same way on every kernel and rung, and drop nothing else. Without those whose hook isn't attached. */
function chosen(meter: Meter): Scenario[] {
  const { accept } = rungsOf(meter.hooks());
  return scenarios.filter(({ name, hook }) => NAMES.includes(name) && (hook !== 'accept' || accept !== 'none'));
}

/**
 * Drops with a new reason while that map is full. They must still be counted, without the attribute that did not fit, and reported in the
 * slot `attributes_full`. Rows without a namespace include drops of other programs, so the check is a minimum.
 */
export async function checkFullMap(meter: Meter, family: Family, byFunction = false): Promise<Result> {
  const few = chosen(meter);
  const problems: string[] = [];
  const withoutReasons = byFunction || kernelLine() === '5.10';
  const beds: Testbed[] = []; // none is removed: the next namespace would reuse the number, and its row would already exist
  try {
    // A row lasts for one generation, and a read ends the generation. So the earlier drops are caused again, to fill the map.
    const earlier: (() => Promise<Caused>)[] = [];
    // Of these, the drops that did not fit.
    let without = 0;
    const fill = async () => {
      without = 0;
      for (const [index, cause] of earlier.entries()) {
        const { drops } = await cause();
        if (index > 0) without += drops;
      }
    };
    for (const scenario of [...few.slice(0, 1), ...few]) {
      const isFirst = earlier.length === 0;
      const { drops, bytes = 0, found, again } = await inNewNamespaces(scenario, family, meter, beds, fill);
      earlier.push(again);
      if (isFirst) continue; // it fitted
      // If the kernel gives no reasons, the code location that determines one did not fit either.
      const reason = withoutReasons && scenario.error === undefined ? 'UNKNOWN_DROP' : scenario.reason;
      problems.push(...found.unequal);
      const counted = { drops: 0, bytes: 0 };
      for (const row of found.rows) {
        if (row.reason !== reason || row.direction !== scenario.direction || row.family !== family) continue;
        counted.drops += row.drops;
        counted.bytes += row.bytes;
      }
      // If the map for rows without an array index is full too, the slot reports the rest.
      const lost = found.losses.unlisted_full ?? 0;
      if (counted.drops + lost < drops) problems.push(`${scenario.name}: ${counted.drops} drops, not ${drops}`);
      if (counted.bytes < bytes) problems.push(`${scenario.name}: ${counted.bytes} bytes, not ${bytes}`);
      const [told, due] = [found.losses.attributes_full ?? 0, without + drops];
      if (told < due) problems.push(`${scenario.name}: ${told} in slot attributes_full, not ${due}`);
    }
  } finally {
    for (const bed of beds) await bed.remove();
  }
  return { scenario: NAME, family, ok: problems.length === 0, message: problems.join('; ') };
}

async function inNewNamespaces(
  scenario: Scenario,
  family: Family,
  meter: Meter,
  beds: Testbed[],
  first: () => Promise<void>,
): Promise<Pick<Caused, 'drops' | 'bytes'> & { readonly found: Reading; again(): Promise<Caused> }> {
  const bed = await Testbed.make(scenario.shape);
  beds.push(bed);
  bed.speak(family);
  for (const { at, run } of scenario.setup?.(bed) ?? []) await bed.sh(at, run);
  const before = await meter.read();
  await first();
  const { drops, bytes } = await scenario.cause(bed);
  return { drops, bytes, found: difference(before, await meter.read()), again: () => scenario.cause(bed) };
}
