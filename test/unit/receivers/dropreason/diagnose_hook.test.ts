import { expect, test } from 'vitest';
import { diagnoseHook } from '../../../../src/receivers/dropreason/diagnose_hook.ts';

function statusOf(status: { attached: boolean; rung: string; why: string }, notable = true): string {
  return diagnoseHook({ status: { hook: 'connect', detail: 'it is so', ...status }, notable }).status;
}

test('a price and missing rows are warnings, whether the hook is attached or not', () => {
  expect(statusOf({ attached: true, rung: 'tracepoint', why: 'slows_calls' })).toBe('warn');
  expect(statusOf({ attached: true, rung: 'state', why: 'misses_calls' })).toBe('warn');
  expect(statusOf({ attached: false, rung: 'none', why: 'misses_calls' })).toBe('warn');
});

test('a hook that could not be attached is a warning, one on a lower rung or turned off is not', () => {
  expect(statusOf({ attached: false, rung: 'none', why: 'eperm' })).toBe('warn');
  expect(statusOf({ attached: true, rung: 'kprobe', why: 'eperm' })).toBe('ok');
  expect(statusOf({ attached: false, rung: 'none', why: 'disabled' }, false)).toBe('ok');
});

test('the message has the sentence', () => {
  const status = {
    hook: 'accept',
    attached: false,
    rung: 'none',
    why: 'misses_calls',
    detail: 'TCP_ACCEPT_BASIC is not counted',
  };
  expect(diagnoseHook({ status, notable: true })).toEqual({
    subject: 'hook accept',
    status: 'warn',
    message: 'not attached: TCP_ACCEPT_BASIC is not counted',
  });
});
