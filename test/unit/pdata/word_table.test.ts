import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WordTable } from '../../../src/pdata/word_table.ts';

describe('a table of words', () => {
  test('numbers runs in the order in which they come, and equal ones alike', () => {
    const runs = fc.integer({ min: 1, max: 5 }).chain((width) => {
      const run = fc.array(fc.constantFrom(0, 1, 2, 0xffff_ffff), { minLength: width, maxLength: width });
      return fc.record({ width: fc.constant(width), runs: fc.array(run, { maxLength: 60 }) });
    });
    fc.assert(
      fc.property(runs, ({ width, runs: all }) => {
        const table = new WordTable(width);
        const words = Uint32Array.from(all.flat());
        const known = new Map<string, number>();
        for (const [index, run] of all.entries()) {
          const key = run.join();
          const expected = known.get(key) ?? known.size;
          known.set(key, expected);
          expect(table.numberOf(words, index * width)).toBe(expected);
          expect(table.size).toBe(known.size);
        }
      }),
    );
  });

  test('grows', () => {
    const table = new WordTable(2);
    const words = Uint32Array.from({ length: 40_000 }, (_, index) => index * 7);
    for (let round = 0; round < 2; round++) {
      for (let run = 0; run < 20_000; run++) if (table.numberOf(words, 2 * run) !== run) throw new Error(`run ${run}`);
    }
    expect(table.size).toBe(20_000);
  });
});
