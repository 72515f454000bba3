import { expect, test } from 'vitest';
import { FanOut } from '../../../src/service/fan_out.ts';
import { batch, Sink } from '../../support/rows.ts';

test('hands the same batch to all, in order, and to others when they change', () => {
  const [one, other, later] = [new Sink(), new Sink(), new Sink()];
  const fanOut = new FanOut();
  const [first, second] = [batch([]), batch([])];
  fanOut.consume(first);
  fanOut.targets = [one, other];
  fanOut.consume(first);
  fanOut.targets = [other, later];
  fanOut.consume(second);
  expect(one.batches).toEqual([first]);
  expect(other.batches).toEqual([first, second]);
  expect(other.batches[0]).toBe(first);
  expect(later.batches).toEqual([second]);
});
