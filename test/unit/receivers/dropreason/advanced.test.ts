import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { configSchema } from '../../../../src/receivers/dropreason/config.ts';
import { Reasons } from '../../../../src/receivers/dropreason/reasons/reasons.ts';
import { DropreasonReceiver } from '../../../../src/receivers/dropreason/receiver.ts';
import { noProgress, type Progress } from '../../../../src/receivers/dropreason/rows/progress.ts';
import { Reader } from '../../../../src/receivers/dropreason/rows/reader.ts';
import { openSession, type Session } from '../../../../src/receivers/dropreason/session.ts';
import { encodeFlows, type MadeFlow } from '../../../support/encode_flows.ts';
import { rowsOf } from '../../../support/flows.ts';
import { entry, FakeProbe, LAYOUT } from '../../../support/layout.ts';
import { makeSettings } from '../../../support/settings.ts';

vi.mock('../../../../src/receivers/dropreason/session.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  openSession: vi.fn(),
}));

const REASONS = new Reasons([{ name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 }], LAYOUT.maxReasons);
const CONFIG = configSchema.parse({ mode: 'advanced', collection_interval: '1h' });
const ROW = (3 << LAYOUT.reasonShift) | (1 << LAYOUT.directionShift) | 1;
const [EVEN, ODD, OVERFLOW] = [0, 1, 2];

function session(probe: FakeProbe): Session {
  return {
    probe,
    layout: LAYOUT,
    facts: { reasons: [], guarded: true, casts: true, libbpf: '1.1' },
    reasons: REASONS,
    ladder: { hooks: [], reports: [], retry: () => [], freeze: () => {} },
    dropProgram: 'kfree_skb',
    named: false,
    byFunction: false,
    chainsTell: true,
  };
}

function make(probe = new FakeProbe(2, 128, 4)) {
  const read = (progress: Progress = noProgress(2 * 2 * 128, 0)) => new Reader(session(probe), CONFIG, progress);
  const batches: DropBatch[] = [];
  vi.mocked(openSession).mockReturnValue(session(probe));
  const receiver = () =>
    new DropreasonReceiver(makeSettings('dropreason'), CONFIG, { consume: (batch) => void batches.push(batch) });
  return { probe, read, batches, receiver };
}

const sum = (rows: readonly { readonly drops: number; readonly bytes: number | undefined }[]) => ({
  drops: rows.reduce((all, { drops }) => all + drops, 0),
  bytes: rows.reduce((all, { bytes = 0 }) => all + bytes, 0),
});

describe('a read of flows', () => {
  test('rows are the sum of both generations, overflow that of its planes, told without CPU', async () => {
    const { probe, read } = make();
    const reader = read();
    probe.drop(0, ROW, 2n, 20n, EVEN);
    probe.drop(1, ROW, 3n, 30n, ODD);
    probe.drop(1, ROW, 1n, 10n, OVERFLOW);
    probe.flows = encodeFlows([{ source: '10.0.0.1', packets: 4, bytes: 40 }]);
    const { rows, flows } = await reader.drain();
    expect(rows.map(({ attributes, drops }) => [attributes.get('cpu'), drops])).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(flows?.node).toEqual({ drops: 5, bytes: 50 });
    expect(flows?.overflow.map(({ attributes: { values }, drops, bytes }) => ({ ...values, drops, bytes }))).toEqual([
      { reason: 'NO_SOCKET', direction: 'ingress', class: 'error', drops: 1, bytes: 10 },
    ]);
    expect(rowsOf(flows)).toMatchObject([{ drops: 4, bytes: 40 }]);
    const { flows: none } = await reader.drain();
    expect(none).toMatchObject({ rows: { length: 0 }, overflow: [], node: { drops: 0, bytes: 0 } });
  });

  test('rows of hashes have an overflow too', async () => {
    const { probe, read } = make();
    probe.tables.unlisted = [
      entry({ reason: LAYOUT.calls.connect, error: 111, direction: 2, packets: 5, bytes: 0, overflowPackets: 2 }),
    ];
    const { rows, flows } = await read().drain();
    expect(rows).toMatchObject([{ drops: 5, bytes: undefined }]);
    expect(flows?.overflow).toMatchObject([
      { drops: 2, bytes: undefined, attributes: { values: { 'error.type': 'ECONNREFUSED' } } },
    ]);
    expect(flows?.node).toEqual({ drops: 5, bytes: 0 });
  });

  test('what an earlier process had taken is told by the rows alone, and once', async () => {
    const { probe, read } = make();
    probe.drop(0, ROW, 7n, 70n, EVEN);
    probe.drop(0, ROW, 2n, 20n, OVERFLOW);
    const progress = noProgress(2 * 2 * 128, 0);
    const history = read(progress).history();
    expect(sum(history.rows)).toEqual({ drops: 7, bytes: 70 });
    expect(history.flows).toBeUndefined();
    expect(read(progress).history().rows).toEqual([]);
    probe.drop(0, ROW, 1n, 10n, ODD);
    probe.flows = encodeFlows([{ packets: 1, bytes: 10 }]);
    expect((await read(progress).drain()).flows).toMatchObject({ overflow: [], node: { drops: 1, bytes: 10 } });
  });

  test('flows that could not be decoded are in the next read, with the rows that they are of', async () => {
    const { probe, read } = make();
    const reader = read();
    probe.drop(0, ROW, 3n, 30n, EVEN);
    probe.flows = encodeFlows([{ ifindex: 2, packets: 3, bytes: 30 }]);
    vi.spyOn(probe, 'interfaces').mockImplementationOnce(() => {
      throw new Error('ENOMEM');
    });
    await expect(reader.drain()).rejects.toThrow('ENOMEM');
    const { flows } = await reader.drain();
    expect(flows?.node).toEqual({ drops: 3, bytes: 30 });
    expect(sum(rowsOf(flows))).toEqual({ drops: 3, bytes: 30 });
  });

  test('flows of a read that failed later are not lost either', async () => {
    const { probe, read } = make();
    const reader = read();
    probe.drop(0, ROW, 3n, 30n, EVEN);
    probe.flows = encodeFlows([{ packets: 3, bytes: 30 }]);
    probe.failure = new Error('EINVAL');
    await expect(reader.drain()).rejects.toThrow('EINVAL');
    const { flows } = await reader.drain();
    expect([flows?.node, sum(rowsOf(flows))]).toEqual([
      { drops: 3, bytes: 30 },
      { drops: 3, bytes: 30 },
    ]);
  });

  test('flows + overflow = node at every read, whatever fails in between', async () => {
    const drop = fc.record({
      cpu: fc.nat(1),
      bytes: fc.nat(1500),
      hasRoom: fc.boolean(),
      source: fc.constantFrom('10.0.0.1', 'fd00::1', ''),
    });
    const step = fc.record({ drops: fc.array(drop, { maxLength: 6 }), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { probe, read } = make();
        const reader = read();
        let [caused, told, generation] = [0, 0, 0];
        const waiting: MadeFlow[] = [];
        for (const { drops, fails } of [...steps, { drops: [], fails: false }]) {
          for (const { cpu, bytes, hasRoom, source } of drops) {
            caused++;
            probe.drop(cpu, ROW, 1n, BigInt(bytes), generation);
            if (hasRoom) waiting.push({ source, packets: 1, bytes });
            else probe.drop(cpu, ROW, 1n, BigInt(bytes), generation + OVERFLOW);
          }
          probe.flows = encodeFlows(waiting.splice(0));
          generation = 1 - generation;
          if (fails) {
            probe.failure = new Error('EINVAL');
            await expect(reader.drain()).rejects.toThrow();
            continue;
          }
          const { rows, flows } = await reader.drain();
          expect(flows?.node).toEqual(sum(rows));
          expect(sum([...rowsOf(flows), ...(flows?.overflow ?? [])])).toEqual(flows?.node);
          told += sum(rows).drops;
        }
        expect(told).toBe(caused);
      }),
    );
  });
});

describe('the receiver in advanced mode', () => {
  test('tells the rows at 0, then flows with every read', async () => {
    const { probe, batches, receiver } = make();
    const one = receiver();
    await one.start();
    expect(batches.every(({ flows }) => flows === undefined)).toBe(true);
    probe.drop(0, ROW, 1n, 10n, EVEN);
    probe.flows = encodeFlows([{ packets: 1, bytes: 10 }]);
    await one.read('request');
    expect(batches.at(-1)?.flows).toMatchObject({ node: { drops: 1, bytes: 10 } });
    await one.shutdown(1_000);
  });

  test('requests that come while one is under way share the next read', async () => {
    const { probe, batches, receiver } = make();
    const one = receiver();
    await one.start();
    const before = batches.length;
    const drains = vi.spyOn(probe, 'drain');
    await Promise.all([one.read('request'), one.read('request'), one.read('interval'), one.read('request')]);
    expect(drains).toHaveBeenCalledTimes(2);
    expect(batches.slice(before).map(({ trigger }) => trigger)).toEqual(['request', 'interval']);
    await one.shutdown(1_000);
  });

  test('ends with a last read, and hands on nothing after it', async () => {
    const { probe, batches, receiver } = make();
    const one = receiver();
    await one.start();
    probe.drop(0, ROW, 4n, 40n, EVEN);
    const reading = one.read('request');
    const ends = [one.shutdown(1_000), one.shutdown(1_000)];
    const late = one.read('request');
    await Promise.all([reading, late, ...ends]);
    expect(batches.flatMap(({ rows }) => rows).reduce((all, { drops }) => all + drops, 0)).toBe(4);
    const count = batches.length;
    await one.read('interval');
    expect(batches).toHaveLength(count);
    expect(probe.closed).toBe(1);
  });

  test('ends within its deadline where the kernel doesn’t answer, and hands on nothing that comes later', async () => {
    const { probe, batches, receiver } = make();
    const one = receiver();
    await one.start();
    let answer: (flows: ReturnType<typeof encodeFlows>) => void = () => {};
    vi.spyOn(probe, 'drain').mockReturnValue(new Promise((resolve) => (answer = resolve)));
    await one.shutdown(50);
    expect(probe.closed).toBe(1);
    const count = batches.length;
    answer(encodeFlows([]));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(batches).toHaveLength(count);
  });

  test('a read that fails is told to who asked, and the next one works', async () => {
    const { probe, receiver } = make();
    const one = receiver();
    await one.start();
    probe.failure = new Error('EINVAL');
    await expect(one.read('request')).rejects.toThrow('EINVAL');
    await expect(one.read('request')).resolves.toBeUndefined();
    await one.shutdown(1_000);
  });
});
