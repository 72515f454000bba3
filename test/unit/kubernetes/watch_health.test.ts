import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiFailure, type FailureKind } from '../../../src/kubernetes/failure.ts';
import { WatchHealth } from '../../../src/kubernetes/watch_health.ts';
import { makeSettings } from '../../support/settings.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (millis: number) => vi.advanceTimersByTime(millis);

function standing() {
  const { logger, lines } = makeSettings();
  const resource = { name: 'pods', path: '/api/v1/pods' };
  return { lines, it: new WatchHealth(resource, logger, { inStepMillis: 60_000, settleMillis: 1_000 }) };
}

describe('how far the known state may lag behind', () => {
  test('is infinite before the first list, then the time since it, until the watch has delivered later changes', () => {
    const { it } = standing();
    expect(it.behindMillis).toBe(Number.POSITIVE_INFINITY);
    it.listed();
    later(3_000);
    expect(it.behindMillis).toBe(4_000);
    it.opened();
    later(999);
    expect(it.behindMillis).toBe(4_999);
    later(1);
    expect(it.behindMillis).toBe(0);
    later(3_600_000);
    expect(it.behindMillis).toBe(0);
  });

  test('is the time since the watch ended, and a while after the next one began', () => {
    const { it } = standing();
    it.listed();
    it.opened();
    later(10_000);
    it.closed();
    later(2_000);
    expect(it.behindMillis).toBe(3_000);
    expect(it.inStep).toBe(true);
    it.opened();
    expect(it.behindMillis).toBe(3_000);
    later(1_000);
    expect(it.behindMillis).toBe(0);
  });

  test('grows if every watch is closed at once', () => {
    const { it } = standing();
    it.listed();
    for (let n = 1; n <= 30; n += 1) {
      it.opened();
      later(500);
      it.closed();
      expect(it.behindMillis).toBe(n * 500 + 1_000);
    }
  });

  test('is 0 if the cluster has no such resource, and infinite after the end', () => {
    const { it } = standing();
    it.listed();
    it.failed('list', new ApiFailure('absent', ''), 0);
    later(3_600_000);
    expect(it.behindMillis).toBe(0);
    it.stopped();
    expect(it.behindMillis).toBe(Number.POSITIVE_INFINITY);
  });
});

test.each<[FailureKind, number, string[]]>([
  ['closed', 0, []],
  ['broken', 0, []],
  ['broken', 1, ['warn']],
  ['expired', 0, []],
  ['absent', 5, []],
  ['unauthorized', 0, []],
  ['forbidden', 0, ['error']],
  ['not_found', 0, ['warn']],
  ['too_large', 0, ['error']],
])('%s after %d others is logged as %j, once', (kind, inRow, levels) => {
  const { it, lines } = standing();
  for (let n = 0; n < 3; n += 1) it.failed('list', new ApiFailure(kind, 'why'), kind === 'unauthorized' && n > 0 ? 1 : inRow);
  const said = lines.map(({ level }) => level).filter((level) => level !== 'debug');
  expect(said).toEqual(kind === 'unauthorized' ? ['error'] : levels);
});
