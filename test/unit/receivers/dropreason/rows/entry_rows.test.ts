import { describe, expect, test, vi } from 'vitest';
import type { AttributeSet } from '../../../../../src/pdata/attributes.ts';
import type { DropRow } from '../../../../../src/pdata/drop_row.ts';
import { Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';
import { EntryRows } from '../../../../../src/receivers/dropreason/rows/entry_rows.ts';
import { Origins } from '../../../../../src/receivers/dropreason/rows/origins.ts';
import { SeriesEnds } from '../../../../../src/receivers/dropreason/rows/series_ends.ts';
import { entry, FakeProbe, LAYOUT, rowAttributes } from '../../../../support/layout.ts';

const symbolsAt = vi.hoisted(() => {
  const functions = new Map([
    [16n, 'nf_hook_slow'],
    [48n, 'nft_do_chain'],
    [64n, 'nft_nat_do_chain'],
    [80n, '__ip_local_out'],
    [96n, 'ip_local_deliver'],
  ]);
  return vi.fn((addresses: readonly bigint[]) => addresses.map((address) => functions.get(address) ?? ''));
});
vi.mock('../../../../../src/receivers/dropreason/probe.ts', () => ({ native: () => ({ symbolsAt }) }));

const CONNECT = entry({ reason: LAYOUT.calls.connect, error: 111, direction: 2, bytes: 0 });

function make({ optIn = false, byFunction = false, config = {} } = {}) {
  const probe = new FakeProbe(1, 64);
  const names = [
    { name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 },
    { name: 'SKB_DROP_REASON_NETFILTER_DROP', value: 4 },
  ];
  const reasons = new Reasons(byFunction ? [] : names, LAYOUT.maxReasons);
  const attributes = rowAttributes(
    reasons,
    { attributes: optIn ? ['network.namespace.inode'] : [], ...config },
    { named: true, byFunction },
  );
  const rows = new EntryRows(probe, attributes, {
    maps: optIn || byFunction ? ['attributes', 'unlisted', 'rescued'] : ['unlisted', 'rescued'],
    rescuedReason: LAYOUT.rescued,
    origins: new Origins(probe, true),
    ends: new SeriesEnds({ expirationMillis: 100, maxEntries: 64 }),
  });
  const ended: AttributeSet[] = [];
  const read = (nowMillis = 0, mayEnd = true) => {
    const into: DropRow[] = [];
    rows.read(into, [], ended, { nowMillis, mayEnd });
    return into.map(({ attributes: { values }, drops, bytes }) => ({ ...values, drops, bytes }));
  };
  /** Namespaces of the series that have ended since the last call. */
  const takeEnded = () => ended.splice(0).map((attributes) => attributes.get('network.namespace.inode'));
  return { probe, rows, read, takeEnded };
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
      { cookie: 9 },
      { error: 1 },
      { protocol: 6 },
      { direction: 2 },
      { family: 2 },
      { interface: 'eth0' },
      { location: 5n },
      { stack: 6n },
      { unconfirmed: true },
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
    expect([...rows.used]).toEqual([
      ['dropreason_unlisted', 0],
      ['dropreason_rescued', 0],
    ]);
  });

  test('tells how full the maps are', () => {
    const { probe, rows, read } = make({ optIn: true });
    probe.tables.attributes = [entry({}), entry({ netns: 1 })];
    read();
    expect([...rows.used]).toEqual([
      ['dropreason_attributes', 2],
      ['dropreason_unlisted', 0],
      ['dropreason_rescued', 0],
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

  test('rows that the kernel tells apart and that are published as one series add up', () => {
    const { probe, read } = make({ byFunction: true });
    probe.tables.attributes = [entry({ reason: 0, location: 16n, packets: 2 }), entry({ reason: 0, location: 48n, packets: 3 })];
    const series = new Set(read().map(({ drops: _, ...attributes }) => JSON.stringify(attributes)));
    expect(series.size).toBe(1);
    probe.tables.attributes = [entry({ reason: 0, location: 16n, packets: 7 }), entry({ reason: 0, location: 48n, packets: 3 })];
    expect(read().map(({ drops }) => drops)).toEqual([5]);
  });

  test('how often another program stepped in is a number and no row; what it counted is', () => {
    const { probe, rows, read } = make();
    probe.tables.rescued = [entry({ reason: LAYOUT.rescued, packets: 5, bytes: 0 }), entry({ packets: 4 })];
    expect(read()).toMatchObject([{ reason: 'NO_SOCKET', drops: 4 }]);
    expect(rows.rescued).toBe(5);
  });

  test('a call chain tells NAT and the hook; it is asked for when a row is new', () => {
    const { probe, read } = make({ optIn: true, config: { attributes: ['netfilter.hook'] } });
    probe.callChains = new Map([
      [7n, [48n, 64n, 16n, 80n, 0n]],
      [8n, [16n, 96n]],
    ]);
    const asked = vi.spyOn(probe, 'stacks');
    probe.tables.attributes = [
      entry({ reason: 4, stack: 7n }),
      entry({ reason: 4, stack: 8n, unconfirmed: true }),
      entry({ reason: 4, stack: 9n }),
    ];
    const expected = [
      { reason: 'IPTABLE_NAT_DROP', 'netfilter.hook': 'output' },
      { reason: 'CONNTRACK_ADD_DROP', 'netfilter.hook': 'input' },
      { reason: 'IPTABLE_RULE_DROP', 'netfilter.hook': 'unknown' },
    ];
    expect(read()).toMatchObject(expected);
    read();
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('what was told before is not told again', () => {
    const told = new Map<string, { packets: number; bytes: number }>();
    const probe = new FakeProbe(1, 64);
    probe.tables.unlisted = [entry({ packets: 2, bytes: 20 })];
    const read = () => {
      const into: DropRow[] = [];
      const attributes = rowAttributes(new Reasons([], LAYOUT.maxReasons));
      new EntryRows(probe, attributes, {
        maps: ['unlisted'],
        rescuedReason: LAYOUT.rescued,
        origins: new Origins(probe, true),
        told,
      }).read(into);
      return into.map(({ drops, bytes }) => ({ drops, bytes }));
    };
    expect(read()).toEqual([{ drops: 2, bytes: 20 }]);
    expect(read()).toEqual([]);
    probe.tables.unlisted = [entry({ packets: 3, bytes: 25 })];
    expect(read()).toEqual([{ drops: 1, bytes: 5 }]);
  });

  test('a series ends with its last row that rises, and a row that comes again is new', () => {
    const { probe, read, takeEnded } = make({ optIn: true });
    const [a, b, other] = [entry({ netns: 7, location: 16n }), entry({ netns: 7, location: 48n }), entry({ netns: 8 })];
    probe.tables.attributes = [a, b, other];
    expect(read(0)).toHaveLength(3);
    probe.tables.attributes = [a, { ...b, packets: 2 }, other];
    expect(read(60)).toHaveLength(1);
    read(100);
    expect(takeEnded()).toEqual([8]);
    read(160, false);
    expect(takeEnded()).toEqual([]);
    read(160);
    expect(takeEnded()).toEqual([7]);
    expect(probe.endedIds).toEqual([other, a, b].map(({ id }) => `attributes ${id}`));
    probe.tables.attributes = [a];
    expect(read(170)).toMatchObject([{ 'network.namespace.inode': 7, drops: 1 }]);
  });

  test('a series without opt-in attributes never ends', () => {
    const { probe, read, takeEnded } = make({ byFunction: true });
    probe.tables.attributes = [entry({ reason: 0, location: 16n })];
    read(0);
    read(1e9);
    expect(takeEnded()).toEqual([]);
  });
});
