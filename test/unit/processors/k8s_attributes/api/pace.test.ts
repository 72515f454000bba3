import { describe, expect, test } from 'vitest';
import { Pace } from '../../../../../src/processors/k8s_attributes/api/pace.ts';
import { TIMING } from '../../../../../src/processors/k8s_attributes/api/timing.ts';

describe('waits after failures', () => {
  test('double up to a bound, and begin anew after a healthy minute', () => {
    const pace = new Pace(TIMING);
    const waits = (count: number) => Array.from({ length: count }, () => pace.failed(0.5));
    expect(waits(7)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    pace.healthy();
    expect(waits(2)).toEqual([1000, 2000]);
  });

  test('are spread by half to either side', () => {
    expect(new Pace(TIMING).failed(0)).toBe(500);
    expect(new Pace(TIMING).failed(0.999)).toBeCloseTo(1499, 0);
  });
});

test('no minute has more requests than allowed, however they come about', () => {
  const pace = new Pace({ ...TIMING, requestsPerMinute: 3 });
  expect([0, 10, 20].map((now) => pace.request(now))).toEqual([0, 0, 0]);
  expect(pace.request(30)).toBe(59_970);
  expect(pace.request(60_000)).toBe(0);
  expect(pace.request(60_000)).toBe(10);
  const made: number[] = [];
  for (let now = 100_000; now < 400_000; now += 50) if (pace.request(now) === 0) made.push(now);
  for (const from of made) expect(made.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(3);
  expect(made.length).toBeGreaterThan(12);
});
