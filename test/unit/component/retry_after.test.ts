import { afterEach, expect, test, vi } from 'vitest';
import { retryAfterMillis } from '../../../src/component/retry_after.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const date = (millis: number) => new Date(NOW + millis).toUTCString();

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['3', 3000],
  [' 0 ', 0],
  ['604800', 300_000],
  [date(90_000), 90_000],
  [date(-90_000), 0],
  [date(900_000), 300_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s is %s ms', (header, millis) => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
  expect(retryAfterMillis(header, 300_000)).toBe(millis);
});
