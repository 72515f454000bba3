import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NodeRows } from '../../../../../src/receivers/dropreason/rows/node_rows.ts';
import { FakeProbe, LAYOUT } from '../../../../support/layout.ts';

const REASONS = 2;
/** Two reasons of 16 rows, five slots, and padding. */
const ROWS = 40;
const USED = (REASONS << LAYOUT.reasonShift) + LAYOUT.slots.length;

type Seen = [cpu: number, row: number, packets: number, bytes: number];

function read(rows: NodeRows): Seen[] {
  const seen: Seen[] = [];
  rows.read((...each) => seen.push(each));
  return seen;
}

describe('NodeRows', () => {
  test('tells what was added since the read before, and nothing of rows that stand still', () => {
    const probe = new FakeProbe(2, ROWS);
    const rows = new NodeRows(probe, LAYOUT, REASONS);
    expect(read(rows)).toEqual([]);
    probe.drop(1, 17, 3n, 300n);
    expect(read(rows)).toEqual([[1, 17, 3, 300]]);
    expect(read(rows)).toEqual([]);
    probe.drop(1, 17, 1n, 40n);
    probe.drop(0, 17, 2n, 80n);
    expect(read(rows)).toEqual([
      [0, 17, 2, 80],
      [1, 17, 1, 40],
    ]);
  });

  test('reads up to the last loss slot of the last CPU, and no padding', () => {
    const probe = new FakeProbe(2, ROWS);
    const rows = new NodeRows(probe, LAYOUT, REASONS);
    probe.drop(1, USED - 1, 1n, 0n);
    probe.drop(1, USED, 1n, 0n);
    expect(read(rows)).toEqual([[1, USED - 1, 1, 0]]);
  });

  test('what was there before the first read is told by the first read', () => {
    const probe = new FakeProbe(1, ROWS);
    probe.drop(0, 0, 7n, 70n);
    expect(read(new NodeRows(probe, LAYOUT, REASONS))).toEqual([[0, 0, 7, 70]]);
  });

  test.each([
    ['up to 2^32', 2n ** 32n - 1n],
    ['at the carry', 2n ** 32n],
    ['beyond 2^32', 2n ** 40n + 12_345n],
    ['up to 2^53', 2n ** 53n - 1n],
  ])('is exact %s', (_, value) => {
    const probe = new FakeProbe(1, ROWS);
    const rows = new NodeRows(probe, LAYOUT, REASONS);
    probe.drop(0, 3, 1n, value);
    expect(read(rows)).toEqual([[0, 3, 1, Number(value)]]);
    probe.drop(0, 3, 1n, -1n); // so that the next sum is still exact
    probe.drop(0, 3, 0n, 1n);
    expect(read(rows)).toEqual([[0, 3, 1, 0]]);
  });

  test('what the reads tell adds up to what was counted', () => {
    const added = fc.record({
      cpu: fc.nat(2),
      row: fc.nat(USED - 1),
      packets: fc.bigInt(0n, 2n ** 33n),
      bytes: fc.bigInt(0n, 2n ** 45n),
    });
    fc.assert(
      fc.property(fc.array(fc.array(added, { maxLength: 10 }), { maxLength: 10 }), (reads) => {
        const probe = new FakeProbe(3, ROWS);
        const rows = new NodeRows(probe, LAYOUT, REASONS);
        const told = new BigUint64Array(probe.counters.length);
        for (const between of reads) {
          for (const { cpu, row, packets, bytes } of between) probe.drop(cpu, row, packets, bytes);
          for (const [cpu, row, packets, bytes] of read(rows)) {
            const index = 2 * (cpu * ROWS + row);
            told[index] = (told[index] as bigint) + BigInt(packets);
            told[index + 1] = (told[index + 1] as bigint) + BigInt(bytes);
          }
        }
        expect(told).toEqual(probe.counters);
      }),
    );
  });

  test('never sees half of a carry while another thread counts', async () => {
    // Every other add carries into the upper half. 2^21 adds stay below 2^53.
    const step = 2n ** 31n + 1n;
    const adds = 2n ** 21n;
    const counters = new BigUint64Array(new SharedArrayBuffer(16 * ROWS));
    const probe = Object.assign(new FakeProbe(1, ROWS), { counters });
    const rows = new NodeRows(probe, LAYOUT, REASONS);
    const worker = new Worker(
      `const { workerData: { counters, step, adds } } = require('node:worker_threads');
       for (let i = 0n; i < adds; i++) Atomics.add(counters, 1, step);`,
      { eval: true, workerData: { counters, step, adds } },
    );
    const total = Number(step * adds);
    let sum = 0;
    let reads = 0;
    let fell = 0;
    const online = new Promise((resolve) => worker.once('online', resolve));
    await online;
    while (sum < total && reads < 20_000_000) {
      rows.read((_cpu, _row, _packets, bytes) => {
        if (bytes < 0 || bytes % Number(step) !== 0) fell++;
        sum += bytes;
      });
      reads++;
    }
    await worker.terminate();
    expect({ fell, sum }).toEqual({ fell: 0, sum: total });
    expect(reads).toBeGreaterThan(1_000);
  });
});
