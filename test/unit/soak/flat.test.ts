import { describe, expect, test } from 'vitest';
import { riseOf, type Sample } from '../../soak/flat.ts';

/** A sample every three seconds, as a run of so many minutes has them. */
function run(minutes: number, value: (minutes: number, index: number) => number): Sample[] {
  return Array.from({ length: minutes * 20 }, (_, index) => ({
    minutes: (index + 1) / 20,
    value: value((index + 1) / 20, index),
  }));
}

/** What a scrape, a collection or a reload makes of a figure: the same pattern in every run. */
const noise = (index: number) => [0, 700, -400, 300, -900, 1200, -100][index % 7] as number;
const RELOADS_A_MINUTE = 6;

describe('by how much a figure rises once it has settled', () => {
  test('not at all, where it grows in the first minute and swings afterwards', () => {
    const rise = riseOf(run(3, (minutes, index) => 60_000 + 20_000 * Math.min(minutes, 1) + noise(index)));
    expect(Math.abs(rise)).toBeLessThan(200);
  });

  test('by what each reload leaves behind', () => {
    const leak = 13_000;
    const leaking = run(3, (minutes, index) => 60_000 + leak * Math.floor(minutes * RELOADS_A_MINUTE) + noise(index));
    expect(riseOf(leaking)).toBeGreaterThan(11 * leak);
    expect(riseOf(leaking)).toBeLessThan(13 * leak);
  });

  test('not by a sample that stands out, the last one neither', () => {
    const last = run(3, (minutes) => (minutes === 3 ? 1_000_000 : 60_000));
    expect(riseOf(last)).toBe(0);
  });

  test('a slow leak tells in a long run: the first tenth of it is left out', () => {
    expect(riseOf(run(30, (minutes) => 60_000 + 200 * minutes))).toBeCloseTo(200 * 27);
  });

  test('a run that ends before anything has settled has no verdict', () => {
    expect(() => riseOf(run(1, () => 0))).toThrow('too short a run');
  });
});
