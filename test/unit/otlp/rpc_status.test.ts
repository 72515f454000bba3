import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_DELAY_MILLIS, retryDelay } from '../../../src/otlp/rpc_status.ts';
import { any, retryInfo, rpcStatus } from './messages.ts';

describe('retryDelay', () => {
  it.each([
    ['seconds and nanoseconds', { seconds: 2, nanos: 500_000_000 }, 2500],
    ['nanoseconds', { nanos: 1_000_000 }, 1],
    ['an empty delay', {}, 0],
    ['no delay', undefined, 0],
    ['a negative delay', { seconds: -3, nanos: -1 }, 0],
    ['more than a timer takes', { seconds: 10 ** 12 }, MOST_DELAY_MILLIS],
  ])('reads %s', (_, delay, millis) => {
    expect(retryDelay(rpcStatus(retryInfo(delay)))).toBe(millis);
  });

  it('finds the RetryInfo among other details, and nothing where there is none', () => {
    const other = any('google.rpc.QuotaFailure', new Uint8Array([10, 0]));
    expect(retryDelay(rpcStatus(other, retryInfo({ seconds: 1 })))).toBe(1000);
    expect(retryDelay(rpcStatus(other))).toBeUndefined();
    expect(retryDelay(rpcStatus())).toBeUndefined();
    expect(retryDelay(new Uint8Array())).toBeUndefined();
  });

  it('has no delay of a status that is cut short', () => {
    const status = rpcStatus(retryInfo({ seconds: 1 }));
    for (let length = 0; length < status.length; length++) expect(retryDelay(status.subarray(0, length))).toBeUndefined();
  });

  it('never throws, and never gives what a timer would not take', () => {
    const given = (bytes: Uint8Array) => {
      const delay = retryDelay(bytes) ?? 0;
      return delay >= 0 && delay <= MOST_DELAY_MILLIS;
    };
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(fc.property(bytes, given));
    fc.assert(fc.property(bytes, (value) => given(rpcStatus(value))));
    fc.assert(fc.property(bytes, (value) => given(rpcStatus(any('google.rpc.RetryInfo', value)))));
    // Groups within groups.
    expect(given(new Uint8Array(100_000).fill(0x0b))).toBe(true);
  });
});
