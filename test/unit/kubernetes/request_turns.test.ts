import { expect, onTestFinished, test, vi } from 'vitest';
import { RequestTurns } from '../../../src/kubernetes/request_turns.ts';

const never = new AbortController().signal;

test('the lowest rank is next, and of equals the first', async () => {
  const turns = new RequestTurns(10);
  const order: string[] = [];
  await turns.next(0, never);
  const waiting = [3, 1, 2, 1].map((rank, at) => turns.next(rank, never).then(() => order.push(`${rank} ${at}`)));
  await Promise.all(waiting);
  expect(order).toEqual(['1 1', '1 3', '2 2', '3 0']);
});

test('who gives up leaves its turn to the others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const turns = new RequestTurns(1_000);
  const first = turns.next(0, never);
  await vi.advanceTimersByTimeAsync(0);
  await first;
  const leaving = new AbortController();
  const left = turns.next(0, leaving.signal);
  let hasTurn = false;
  void turns.next(1, never).then(() => {
    hasTurn = true;
  });
  leaving.abort();
  await left;
  await vi.advanceTimersByTimeAsync(999);
  expect(hasTurn).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(hasTurn).toBe(true);
  await turns.next(0, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});
