import { expect, test } from 'vitest';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { columnsOf } from '../../../../src/pdata/flow_columns.ts';
import { configSchema } from '../../../../src/processors/attributes/config.ts';
import { AttributesProcessor } from '../../../../src/processors/attributes/processor.ts';
import { batch, row, Sink } from '../../../support/rows.ts';
import { makeSettings } from '../../../support/settings.ts';

const set = (values: ConstructorParameters<typeof AttributeSet>[0]) => new AttributeSet(values);

function processor(actions: readonly object[], settings = makeSettings()) {
  const sink = new Sink();
  const processor = new AttributesProcessor(settings, configSchema.parse({ actions }), sink);
  return (given: DropBatch): DropBatch => {
    processor.consume(given);
    return sink.batches.at(-1) as DropBatch;
  };
}

const without = (key: string) => ({ key, action: 'delete' });

test.each([
  [
    { key: 'x', action: 'insert', value: 'new' },
    { a: 'old', x: 'new' },
  ],
  [{ key: 'x', action: 'update', value: 'new' }, { a: 'old' }],
  [{ key: 'a', action: 'insert', value: 'new' }, { a: 'old' }],
  [{ key: 'a', action: 'update', value: 7 }, { a: 7 }],
  [{ key: 'a', action: 'upsert', value: true }, { a: true }],
  [
    { key: 'x', action: 'upsert', from_attribute: 'a' },
    { a: 'old', x: 'old' },
  ],
  [{ key: 'a', action: 'upsert', from_attribute: 'none' }, { a: 'old' }],
  [{ key: 'none', action: 'delete' }, { a: 'old' }],
  [{ key: 'a', action: 'delete' }, {}],
])('%j makes {a: old} %j, in rows and in series of pods', (action, expected) => {
  const rows = [row({ a: 'old' }, 3, 30)];
  const { rows: ofNode, pods } = processor([action])(batch(rows, { pods: { rows, ended: [] } }));
  expect(ofNode).toEqual([row(expected, 3, 30)]);
  expect(pods?.rows).toEqual([row(expected, 3, 30)]);
});

test('actions follow one another', () => {
  const rename = [{ key: 'nic', action: 'insert', from_attribute: 'network.interface.name' }, without('network.interface.name')];
  expect(processor(rename)(batch([row({ 'network.interface.name': 'eth0', reason: 'A' }, 1, 2)])).rows).toEqual([
    row({ nic: 'eth0', reason: 'A' }, 1, 2),
  ]);
});

test('rows that become equal are summed, and begin with the first of them', () => {
  const rows = [
    { ...row({ reason: 'A', class: 'x' }, 1, 10), sinceMillis: 300 },
    { ...row({ reason: 'A', class: 'y' }, 2, 20), sinceMillis: 200 },
    row({ reason: 'A', class: 'call' }, 4),
    { ...row({ reason: 'B', class: 'x' }, 8, 80), sinceMillis: 100 },
    row({ reason: 'C', class: 'call' }, 16),
  ];
  const [a, b, c] = processor([without('class')])(batch(rows)).rows;
  expect(a).toEqual(row({ reason: 'A' }, 7, 30));
  expect(b).toEqual({ ...row({ reason: 'B' }, 8, 80), sinceMillis: 100 });
  expect(c).toEqual(row({ reason: 'C' }, 16));
  expect(processor([without('class')])(batch(rows.slice(0, 2))).rows[0]?.sinceMillis).toBe(200);
});

test.each(['rows', 'pods'] as const)('a sum of %s ends with the last series in it', (kind) => {
  const consume = processor([without('nic')]);
  const send = (rows: readonly [string, number][], ended: readonly string[] = []) => {
    const all = rows.map(([nic, drops]) => row({ reason: 'A', nic }, drops, drops));
    const over = ended.map((nic) => set({ reason: 'A', nic }));
    const sent = consume(kind === 'rows' ? batch(all, { ended: over }) : batch([], { pods: { rows: all, ended: over } }));
    return kind === 'rows' ? sent.ended : sent.pods?.ended;
  };
  expect(send([['eth0', 1]])).toEqual([]);
  expect(send([['eth1', 1]], ['eth0'])).toEqual([]);
  expect(send([['eth0', 1]], ['eth1'])).toEqual([]);
  expect(send([['eth1', 0]])).toEqual([]);
  expect(send([], ['eth0', 'eth1'])).toEqual([set({ reason: 'A' })]);
  // What comes back is another series, with an end of its own.
  expect(send([['eth0', 1]])).toEqual([]);
  expect(send([], ['eth0'])).toEqual([set({ reason: 'A' })]);
});

test('a reload keeps the series that there are', () => {
  const settings = makeSettings();
  processor([without('nic')], settings)(batch([row({ nic: 'eth0' }, 1), row({ nic: 'eth1' }, 1)]));
  const again = processor([without('nic')], settings);
  expect(again(batch([], { ended: [set({ nic: 'eth0' })] })).ended).toEqual([]);
  expect(again(batch([], { ended: [set({ nic: 'eth1' })] })).ended).toEqual([set({})]);
});

test('a reload with other actions ends the series that are no more, with the first read', () => {
  const settings = makeSettings();
  const rows = [row({ nic: 'eth0', reason: 'A' }, 1, 1), row({ reason: 'B' }, 1, 1)];
  const before = processor([without('nic')], settings);
  before(batch(rows, { pods: { rows, ended: [] } }));
  const after = processor([{ key: 'nic', action: 'update', value: 'any' }], settings);
  // One read from before may still come to the processor from before.
  expect(before(batch(rows)).ended).toEqual([]);
  const first = after(batch(rows, { pods: { rows: [], ended: [] } }));
  expect(first.rows).toEqual([row({ nic: 'any', reason: 'A' }, 1, 1), row({ reason: 'B' }, 1, 1)]);
  expect(first.ended).toEqual([set({ reason: 'A' })]);
  expect(first.pods?.ended).toEqual([set({ reason: 'A' }), set({ reason: 'B' })]);
  expect(after(batch(rows)).ended).toEqual([]);
});

test('counts that begin anew are other series', () => {
  const consume = processor([without('nic')]);
  consume(batch([row({ nic: 'eth0' }, 1), row({ nic: 'eth1' }, 1)]));
  consume(batch([row({ nic: 'eth0' }, 1)], { anew: true }));
  expect(consume(batch([], { ended: [set({ nic: 'eth0' })] })).ended).toEqual([set({})]);
});

test('what had ended before the process, and the overflow of flows, is changed too', () => {
  const rows = [row({ reason: 'A', direction: 'ingress' }, 1, 1), row({ reason: 'A', direction: 'egress' }, 2, 2)];
  const flows = { rows: columnsOf([]), overflow: rows, node: { drops: 3, bytes: 3 } };
  const sent = processor([without('direction')])(batch([], { endedBefore: rows, flows }));
  expect(sent.endedBefore).toEqual([row({ reason: 'A' }, 3, 3)]);
  expect(sent.flows).toMatchObject({ overflow: [row({ reason: 'A' }, 3, 3)], node: flows.node });
});
