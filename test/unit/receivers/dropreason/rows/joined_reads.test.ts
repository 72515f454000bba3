import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JoinedReads } from '../../../../../src/receivers/dropreason/rows/joined_reads.ts';

/** Reads that end when they are told to. */
function make() {
  const begun: { trigger: string; end(error?: Error): void }[] = [];
  const reads = new JoinedReads(
    (trigger) =>
      new Promise((resolve, reject) => {
        begun.push({ trigger, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { begun, reads };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads that wait for the kernel', () => {
  test('whoever asks while one is under way waits for the next, all of them for the same', async () => {
    const { begun, reads } = make();
    const first = reads.request('request');
    const [second, third] = [reads.request('request'), reads.request('request')];
    expect(begun).toHaveLength(1);
    const done: string[] = [];
    for (const [name, read] of [
      ['first', first],
      ['second', second],
      ['third', third],
    ] as const)
      void read.then(() => done.push(name));
    begun[0]?.end();
    await turn();
    expect(done).toEqual(['first']);
    expect(begun).toHaveLength(2);
    begun[1]?.end();
    await turn();
    expect(done).toEqual(['first', 'second', 'third']);
    void reads.request('request');
    expect(begun).toHaveLength(3);
  });

  test('a read that the clock waits for is the clock’s, whoever asked first', async () => {
    const { begun, reads } = make();
    void reads.request('request');
    void reads.request('request');
    void reads.request('interval');
    void reads.request('request');
    begun[0]?.end();
    await turn();
    expect(begun.map(({ trigger }) => trigger)).toEqual(['request', 'interval']);
    void reads.request('request');
    begun[1]?.end();
    await turn();
    expect(begun[2]?.trigger).toBe('request');
  });

  test('a read that fails fails for those who waited for it, and the next one is made', async () => {
    const { begun, reads } = make();
    const failing = reads.request('request');
    const next = reads.request('request');
    begun[0]?.end(new Error('EINVAL'));
    await expect(failing).rejects.toThrow('EINVAL');
    await turn();
    begun[1]?.end();
    await expect(next).resolves.toBeUndefined();
  });

  test('one at a time, and every request is served by one that begins after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('ask', 'end', 'turn'), { maxLength: 30 }), async (steps) => {
        const { begun, reads } = make();
        let [ended, served, asked] = [0, 0, 0];
        for (const step of [...steps, 'end', 'turn', 'end', 'turn', 'end', 'turn']) {
          if (step === 'ask') {
            const before = begun.length;
            asked++;
            void reads.request('request').then(() => {
              served++;
              // The read that serves it is one of those that began when it asked, or later.
              expect(ended).toBeGreaterThan(before);
            });
            // Asked of an idle reader it begins at once: count it as begun after.
            if (begun.length > before) expect(begun.length).toBe(ended + 1);
          } else if (step === 'end' && ended < begun.length) {
            begun[ended++]?.end();
          }
          if (step !== 'ask') await turn();
          expect(begun.length - ended).toBeLessThanOrEqual(1);
        }
        expect(served).toBe(asked);
      }),
    );
  });
});
