import { expect, test } from 'vitest';
import { RequestTurns } from '../../../../../src/processors/k8s_attributes/api/request_turns.ts';

const never = new AbortController().signal;

test('of those that wait the lowest rank is next, and of equals the first', async () => {
  const turns = new RequestTurns(10);
  const order: string[] = [];
  await turns.next(0, never);
  const waiting = [3, 1, 2, 1].map((rank, at) => turns.next(rank, never).then(() => order.push(`${rank} ${at}`)));
  await Promise.all(waiting);
  expect(order).toEqual(['1 1', '1 3', '2 2', '3 0']);
});

test('who gives up leaves its turn to the others', async () => {
  const turns = new RequestTurns(50);
  await turns.next(0, never);
  const leaving = new AbortController();
  const left = turns.next(0, leaving.signal);
  const began = performance.now();
  const stayed = turns.next(1, never);
  leaving.abort();
  await left;
  await stayed;
  expect(performance.now() - began).toBeLessThan(90);
  await turns.next(0, AbortSignal.abort());
});
