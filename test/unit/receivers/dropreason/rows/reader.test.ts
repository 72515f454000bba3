import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../../../src/receivers/dropreason/config.ts';
import { Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';
import { noProgress, type Progress } from '../../../../../src/receivers/dropreason/rows/progress.ts';
import { Reader } from '../../../../../src/receivers/dropreason/rows/reader.ts';
import type { Session } from '../../../../../src/receivers/dropreason/session.ts';
import { entry, FakeProbe, LAYOUT } from '../../../../support/layout.ts';

const REASONS = new Reasons(
  [
    { name: 'SKB_DROP_REASON_NOT_SPECIFIED', value: 2 },
    { name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 },
  ],
  LAYOUT.maxReasons,
);
const FIRST_SLOT = REASONS.listed << LAYOUT.reasonShift;
const NO_SOCKET_INGRESS_V4 = (3 << 4) | (1 << 2) | 1;

function make({ guarded = true, config = {}, rung = 'tracepoint' }: { guarded?: boolean; config?: object; rung?: string } = {}) {
  const probe = new FakeProbe(2, 128);
  const session: Session = {
    probe,
    layout: LAYOUT,
    facts: { reasons: [], guarded, casts: true, libbpf: '1.1' },
    reasons: REASONS,
    ladder: {
      hooks: [{ hook: 'connect', attached: true, rung, why: '', detail: '' }],
      reports: [],
      retry: () => [],
      freeze: () => {},
    },
    dropProgram: 'kfree_skb',
    named: true,
    byFunction: false,
    chainsTell: true,
  };
  const make = (progress?: Progress) => new Reader(session, configSchema.parse(config), progress);
  return { probe, reader: make(), again: make };
}

const sum = (rows: readonly { drops: number }[]) => rows.reduce((all, { drops }) => all + drops, 0);

describe('Reader', () => {
  test('tells rows from loss slots', () => {
    const { probe, reader } = make();
    probe.drop(1, NO_SOCKET_INGRESS_V4, 2n, 200n);
    probe.drop(0, FIRST_SLOT, 3n, 0n);
    probe.drop(1, FIRST_SLOT + 4, 1n, 0n);
    const { rows, losses } = reader.read();
    expect(rows).toMatchObject([{ drops: 2, bytes: 200, attributes: { values: { reason: 'NO_SOCKET', cpu: 1 } } }]);
    expect(losses).toEqual([
      { slot: 'fragment', count: 3 },
      { slot: 'unlisted_full', count: 1 },
    ]);
  });

  test('nested is what the kernel skipped since the last read', () => {
    const { probe, reader } = make();
    probe.misses = { kfree_skb: 7 };
    expect(reader.read().losses).toEqual([{ slot: 'nested', count: 7 }]);
    expect(reader.read().losses).toEqual([]);
    probe.misses = { kfree_skb: 9 };
    expect(reader.read().losses).toEqual([{ slot: 'nested', count: 2 }]);
  });

  test('where the kernel has no guard nothing is skipped, and the slot is absent', () => {
    const { probe, reader } = make({ guarded: false });
    probe.misses = { kfree_skb: 7 };
    expect(reader.read().losses).toEqual([]);
    expect(reader.atStart().losses.map(({ slot }) => slot)).toEqual(['calls_skipped', ...LAYOUT.slots]);
  });

  test('every slot exists at 0', () => {
    expect(make().reader.atStart().losses).toEqual(
      ['nested', 'calls_skipped', ...LAYOUT.slots].map((slot) => ({ slot, count: 0 })),
    );
  });

  test('no call is skipped where no program sees calls return, and the slot is absent', () => {
    expect(
      make({ rung: 'state' })
        .reader.atStart()
        .losses.map(({ slot }) => slot),
    ).toEqual(['nested', ...LAYOUT.slots]);
  });

  test('a hook that is not attached has no row at 0', () => {
    const reasons = new Set(
      make()
        .reader.atStart()
        .rows.map(({ attributes }) => attributes.get('reason')),
    );
    expect(reasons).toContain('TCP_CONNECT_BASIC');
    expect(reasons).not.toContain('TCP_ACCEPT_BASIC');
  });

  test('a row hands on the same attributes at each read, so that processors judge each set once', () => {
    const { probe, reader } = make();
    probe.drop(0, NO_SOCKET_INGRESS_V4, 1n, 10n);
    const [first] = reader.read().rows;
    probe.drop(0, NO_SOCKET_INGRESS_V4, 1n, 10n);
    expect(reader.read().rows[0]?.attributes).toBe(first?.attributes);
  });

  test('what a failed read had seen is in the next one', () => {
    const { probe, reader } = make({ config: { attributes: ['network.namespace.inode'] } });
    probe.drop(0, NO_SOCKET_INGRESS_V4, 3n, 30n);
    probe.drop(0, FIRST_SLOT, 1n, 0n);
    probe.tables.unlisted = [entry({ packets: 2 })];
    probe.failure = new Error('the kernel is busy');
    expect(() => reader.read()).toThrow('the kernel is busy');
    probe.drop(0, NO_SOCKET_INGRESS_V4, 1n, 10n);
    const { rows, losses } = reader.read();
    expect(sum(rows)).toBe(6);
    expect(losses).toEqual([{ slot: 'fragment', count: 1 }]);
    expect(reader.read()).toEqual({ rows: [], losses: [] });
  });

  test('nested is what no other program counted instead', () => {
    const { probe, reader } = make();
    probe.misses = { kfree_skb: 7, nested: 3, inet_sock_set_state: 4 };
    probe.tables.rescued = [entry({ reason: LAYOUT.rescued, packets: 5, bytes: 0 }), entry({ packets: 5 })];
    const { rows, losses } = reader.read();
    expect(losses).toEqual([{ slot: 'nested', count: 2 }]);
    expect(sum(rows)).toBe(5);
  });

  test('nested never falls, nor is told again, where a rescue is seen before the miss', () => {
    const { probe, reader } = make();
    probe.misses = { kfree_skb: 3 };
    expect(reader.read().losses).toEqual([{ slot: 'nested', count: 3 }]);
    probe.tables.rescued = [entry({ reason: LAYOUT.rescued, packets: 2, bytes: 0 })];
    expect(reader.read().losses).toEqual([]);
    probe.misses = { kfree_skb: 5 };
    expect(reader.read().losses).toEqual([]);
    probe.misses = { kfree_skb: 6 };
    expect(reader.read().losses).toEqual([{ slot: 'nested', count: 1 }]);
  });

  test('reads what was skipped first and what was rescued last, so that their difference is never too high', () => {
    const { probe, reader } = make({ config: { attributes: ['network.namespace.inode'] } });
    const looks: string[] = [];
    probe.onLook = (what) => {
      looks.push(what);
      // The kernel goes on: a drop is skipped and rescued at any moment.
      probe.misses = { kfree_skb: (probe.misses.kfree_skb ?? 0) + 1 };
      const rescued = probe.misses.kfree_skb as number;
      probe.tables.rescued = [entry({ reason: LAYOUT.rescued, packets: rescued, bytes: 0 })];
    };
    for (let i = 0; i < 3; i++) expect(reader.read().losses).toEqual([]);
    expect(looks.slice(0, 4)).toEqual(['statistics', 'attributes', 'unlisted', 'rescued']);
  });

  test('calls for which the program at their return was skipped have a slot of their own', () => {
    const { probe, reader } = make();
    probe.misses = {
      connect_kretprobe: 2,
      accept_kretprobe: 16,
      sys_exit: 32,
      inet_sock_set_state: 64,
      confirm_fexit: 128,
    };
    expect(reader.read().losses).toEqual([{ slot: 'calls_skipped', count: 50 }]);
    expect(reader.read().losses).toEqual([]);
  });

  test('a call that one of two programs was kept from is not lost: the other has seen it', () => {
    const { probe, reader } = make();
    probe.misses = { connect_fexit: 1 };
    expect(reader.read().losses).toEqual([]);
    probe.misses = { connect_fexit: 3, connect_fexit_again: 4, accept4_fexit: 2 };
    expect(reader.read().losses).toEqual([{ slot: 'calls_skipped', count: 4 }]);
  });

  test('a reader that comes after another one of the same pinned counts tells what came since', () => {
    const { probe, again } = make();
    const progress = noProgress(probe.counters.length, 1);
    probe.drop(0, NO_SOCKET_INGRESS_V4, 3n, 30n);
    probe.tables.unlisted = [entry({ packets: 2 })];
    probe.misses = { kfree_skb: 7 };
    expect(sum(again(progress).read().rows)).toBe(5);
    probe.drop(0, NO_SOCKET_INGRESS_V4, 1n, 10n);
    const { rows, losses } = again(progress).read();
    expect({ drops: sum(rows), losses }).toEqual({ drops: 1, losses: [] });
  });
});
