import { describe, expect, test } from 'vitest';
import { Backoff } from '../../../src/component/backoff.ts';

const OPTIONS = { initialMillis: 1000, mostMillis: 30_000, multiplier: 2 };

describe('waits after failures', () => {
  test('grow up to a bound', () => {
    const backoff = new Backoff(OPTIONS);
    const waits = Array.from({ length: 7 }, () => backoff.next(0.5));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('are within the bound from the first on', () => {
    expect(new Backoff({ ...OPTIONS, mostMillis: 400 }).next(0.5)).toBe(400);
  });

  test('have ± 50% jitter', () => {
    expect(new Backoff(OPTIONS).next(0)).toBe(500);
    expect(new Backoff(OPTIONS).next(0.999)).toBeCloseTo(1499, 0);
  });
});
