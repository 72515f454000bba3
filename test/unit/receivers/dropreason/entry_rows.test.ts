import { describe, expect, test, vi } from 'vitest';
import type { DropRow } from '../../../../src/pdata/batch.ts';
import { EntryRows } from '../../../../src/receivers/dropreason/entry_rows.ts';
import { Reasons } from '../../../../src/receivers/dropreason/reasons.ts';
import { RowAttributes } from '../../../../src/receivers/dropreason/row_attributes.ts';
import { entry, FakeProbe, LAYOUT } from '../../../support/layout.ts';

const symbolsAt = vi.hoisted(() =>
  vi.fn((addresses: readonly bigint[]) => addresses.map((address) => (address === 16n ? 'nf_hook_slow' : ''))),
);
vi.mock('../../../../src/receivers/dropreason/probe.ts', () => ({ native: () => ({ symbolsAt }) }));

const CONNECT = entry({ reason: LAYOUT.calls.connect, error: 111, direction: 2, bytes: 0 });

function make({ optIn = false, byFunction = false } = {}) {
  const probe = new FakeProbe(1, 64);
  const names = byFunction ? [] : [{ name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 }];
  const attributes = new RowAttributes(LAYOUT, new Reasons(names, LAYOUT.maxReasons), optIn ? ['network.namespace.inode'] : []);
  const rows = new EntryRows(probe, attributes, { optIn, byFunction });
  const read = () => {
    const into: DropRow[] = [];
    rows.read(into);
    return into.map(({ attributes: { values }, drops, bytes }) => ({ ...values, drops, bytes }));
  };
  return { probe, rows, read };
}

describe('EntryRows', () => {
  test('tells what was added since the read before', () => {
    const { probe, read } = make();
    probe.tables.unlisted = [entry({ packets: 2, bytes: 100 })];
    expect(read()).toMatchObject([{ reason: 'NO_SOCKET', drops: 2, bytes: 100 }]);
    expect(read()).toEqual([]);
    probe.tables.unlisted = [entry({ packets: 5, bytes: 160 })];
    expect(read()).toMatchObject([{ drops: 3, bytes: 60 }]);
  });

  test('a failed call has no bytes', () => {
    const { probe, read } = make();
    probe.tables.unlisted = [CONNECT];
    expect(read()).toEqual([
      {
        reason: 'TCP_CONNECT_BASIC',
        direction: 'egress',
        class: 'call',
        'error.type': 'ECONNREFUSED',
        drops: 1,
        bytes: undefined,
      },
    ]);
  });

  test('rows that any field tells apart are counted apart', () => {
    const fields = [
      { reason: 4 },
      { netns: 9 },
      { error: 1 },
      { protocol: 6 },
      { direction: 2 },
      { family: 2 },
      { interface: 'eth0' },
      { location: 5n },
    ];
    const { probe, read } = make();
    probe.tables.unlisted = [entry({}), ...fields.map((field) => entry(field))];
    expect(read()).toHaveLength(1 + fields.length);
    probe.tables.unlisted = [entry({}), ...fields.map((field) => entry({ ...field, packets: 2 }))];
    expect(read().map(({ drops }) => drops)).toEqual(fields.map(() => 1));
  });

  test('the same row of both maps is two: one may have overflowed into the other', () => {
    const { probe, read } = make({ optIn: true });
    probe.tables.attributes = [entry({ netns: 7, packets: 4 })];
    probe.tables.unlisted = [entry({ packets: 6 })];
    expect(read()).toMatchObject([
      { 'network.namespace.inode': 7, drops: 4 },
      { 'network.namespace.inode': 0, drops: 6 },
    ]);
  });

  test('the map of attributes is not read where nobody asked for it', () => {
    const { probe, rows, read } = make();
    probe.tables.attributes = [entry({})];
    expect(read()).toEqual([]);
    expect([...rows.used]).toEqual([['dropreason_unlisted', 0]]);
  });

  test('tells how full the maps are', () => {
    const { probe, rows, read } = make({ optIn: true });
    probe.tables.attributes = [entry({}), entry({ netns: 1 })];
    read();
    expect([...rows.used]).toEqual([
      ['dropreason_attributes', 2],
      ['dropreason_unlisted', 0],
    ]);
  });

  test('on a kernel without reasons, asks once for the function of each location', () => {
    const { probe, read } = make({ byFunction: true });
    probe.tables.attributes = [
      entry({ reason: 0, location: 16n }),
      entry({ reason: 0, location: 32n }),
      entry({ reason: 0, direction: 2, location: 16n }),
    ];
    expect(read().map(({ drops: _, bytes: __, ...attributes }) => attributes)).toEqual([
      { reason: 'IPTABLE_RULE_DROP', class: 'policy', direction: 'ingress' },
      { reason: 'UNKNOWN_DROP', class: 'unclassified', direction: 'ingress' },
      { reason: 'IPTABLE_RULE_DROP', class: 'policy', direction: 'egress' },
    ]);
    read();
    expect(symbolsAt.mock.calls).toEqual([[[16n, 32n]]]);
  });
});
