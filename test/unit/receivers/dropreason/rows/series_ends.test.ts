import { describe, expect, test } from 'vitest';
import { AttributeSet } from '../../../../../src/pdata/attributes.ts';
import { type EndingSeries, SeriesEnds } from '../../../../../src/receivers/dropreason/rows/series_ends.ts';

const series = (name: string, roseMillis: number, live = false, rows = 1): EndingSeries => ({
  attributes: new AttributeSet({ 'network.interface.name': name }),
  ids: Array.from({ length: rows }, (_, i) => `${name}${i}`),
  roseMillis,
  live,
});

function choose(
  all: readonly EndingSeries[],
  nowMillis: number,
  given: { expirationMillis?: number; maxEntries?: number; more?: number } = {},
) {
  const { expirationMillis = 100, maxEntries = 10, more = 0 } = given;
  const ends = new SeriesEnds({ expirationMillis, maxEntries });
  const rows = [
    ...all.flatMap(({ ids, live }) => ids.map(() => ({ live }))),
    ...Array.from({ length: more }, () => ({ live: false })),
  ];
  const chosen = ends.choose(all, { rows, nowMillis });
  return { names: chosen.map(({ attributes }) => attributes.get('network.interface.name')), wantsRoom: ends.wantsRoom };
}

describe('series with opt-in attributes', () => {
  test('end when they have not risen for as long as they may stay', () => {
    expect(choose([series('a', 0), series('b', 1)], 100).names).toEqual(['a']);
  });

  test('wait for the kernel’s map to be emptied where it has a row of theirs', () => {
    expect(choose([series('a', 0, true)], 100)).toEqual({ names: [], wantsRoom: true });
  });

  test('never end for their age where that is 0', () => {
    expect(choose([series('a', 0)], 1e9, { expirationMillis: 0 }).names).toEqual([]);
  });

  test('end sooner where there are too many rows: first those that rose longest ago, and no more than need be', () => {
    const all = [series('new', 30), series('oldest', 10, false, 2), series('old', 20)];
    expect(choose(all, 40, { maxEntries: 4 }).names).toEqual([]);
    expect(choose(all, 40, { maxEntries: 3 }).names).toEqual(['oldest']);
    expect(choose(all, 40, { maxEntries: 1 }).names).toEqual(['oldest', 'old']);
  });

  test('give way to rows that never end, too', () => {
    expect(choose([series('a', 10), series('b', 20)], 40, { maxEntries: 4, more: 3 }).names).toEqual(['a']);
  });

  test('want the map emptied when it is nearly full, though none ends', () => {
    const live = (count: number) => Array.from({ length: count }, (_, i) => series(`i${i}`, 50, true));
    expect(choose(live(7), 60)).toEqual({ names: [], wantsRoom: false });
    expect(choose(live(8), 60)).toEqual({ names: [], wantsRoom: true });
  });
});
