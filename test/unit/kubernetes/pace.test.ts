import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/kubernetes/pace.ts';
import { TIMING } from '../../../src/kubernetes/timing.ts';

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
