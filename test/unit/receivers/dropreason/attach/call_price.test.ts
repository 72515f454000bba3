import { expect, test } from 'vitest';
import { callPriceOf } from '../../../../../src/receivers/dropreason/attach/call_price.ts';

const LEFT_OUT = { rung: 'tracepoint', why: 'not_in_list', detail: 'not in the list' } as const;
const LOCKED = { rung: 'fexit', why: 'lockdown', detail: 'locked down' } as const;

test('hooks of packets, and calls that are seen at their own function, have no price', () => {
  expect(callPriceOf('nat', 'tracepoint', [])).toBeUndefined();
  expect(callPriceOf('connect', 'fexit', [])).toBeUndefined();
});

test('a lockdown forbids the tracepoint too, so it is not what is missing', () => {
  expect(callPriceOf('accept', undefined, [LOCKED, LEFT_OUT])).toEqual({ detail: 'TCP_ACCEPT_BASIC is not counted' });
  expect(callPriceOf('accept', undefined, [LEFT_OUT])?.why).toBe('misses_calls');
});

test('a tracepoint that was refused is no remedy', () => {
  const refused = { ...LEFT_OUT, why: 'einval' };
  expect(callPriceOf('connect', 'state', [refused])).toEqual({ detail: expect.stringMatching(/before it closed the socket$/) });
});
