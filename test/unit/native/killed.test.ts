import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Probe } from '../../../native/index.js';
import { mountBpf, unmountBpf } from '../../support/bpf_mount.ts';
import { drainable } from '../../support/draining.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { SpoofedFlood } from '../../support/spoof.ts';
import { PinnedMap } from './pinned_map.ts';
import { native } from './probe_options.ts';
import { PINNED, ROWS } from './rows_by_interface.ts';

/** Where things are in struct dropreason_key, dropreason_kept and dropreason_generation. */
const PAD = 39;
const [MERGED, FOLDING] = [40, 48];
const [CURRENT, TAKEN] = [0, 8];
const KEY_BYTES = 56;
const KEPT_BYTES = 56;
/** `map` of the element that has the number of the last fold that has begun (kept_rows.cc). */
const BEGUN = 0xfe;

const why = whyNotHere(['mount', 'ip', 'iptables', 'cc']);
let mounted = '';
let floods: SpoofedFlood[] = [];
const opened: Probe[] = [];

const directory = () => join(mounted, 'killed');
const map = (name: string) => new PinnedMap(join(directory(), `dropreason_${name}`));

function open(): Probe {
  const probe = drainable(500, { ...ROWS, flows: undefined, pin: { directory: directory(), ...PINNED } });
  opened.push(probe);
  return probe;
}

const rows = (probe: Probe) => probe.entries('attributes').filter(({ netns }) => floods.some(({ inode }) => inode === netns));
const packets = (all: readonly { readonly packets: number }[]) => all.map((each) => each.packets).toSorted((a, b) => a - b);
const sum = (all: readonly { readonly packets: number }[]) => packets(all).reduce((a, b) => a + b, 0);

/** Two rows that are kept, of 300 packets and of 40; their process is gone. */
async function leaveTwoRows(): Promise<void> {
  const first = open();
  floods[0]?.send(300);
  floods[1]?.send(40);
  await first.drain();
  expect(packets(rows(first))).toEqual([40, 300]);
  first.close();
}

function mark(fold: number, isChosen: (index: number) => boolean): void {
  const kept = map('kept');
  const two = kept.elements().filter(({ value }) => [300, 40].includes(Number(value.readBigUInt64LE(0))));
  expect(two).toHaveLength(2);
  for (const [index, { key, value }] of two.entries()) {
    if (!isChosen(index)) continue;
    value.writeBigUInt64LE(BigInt(fold), FOLDING);
    kept.put({ key, value });
  }
}

function begin(fold: number): void {
  const [key, value] = [Buffer.alloc(KEY_BYTES), Buffer.alloc(KEPT_BYTES)];
  key[PAD] = BEGUN;
  value.writeBigUInt64LE(BigInt(fold), MERGED);
  map('kept').put({ key, value });
}

beforeAll(() => {
  if (why !== undefined) return;
  execFileSync('sh', [fileURLToPath(new URL('../../kernel/build.sh', import.meta.url))], { stdio: 'inherit' });
  mounted = mountBpf();
});

beforeEach(() => {
  if (why === undefined) floods = [new SpoofedFlood(), new SpoofedFlood()];
});

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
  if (why !== undefined) return;
  native.unpin(directory());
  for (const flood of floods) flood.remove();
});

afterAll(() => {
  if (why !== undefined) return;
  unmountBpf(mounted);
});

describe.skipIf(why !== undefined)('a process that takes over from one that was killed', () => {
  test('while it marked the rows that were to end, lets all of them go on', async () => {
    await leaveTwoRows();
    mark(1, (index) => index === 0);
    const next = open();
    expect(packets(rows(next))).toEqual([40, 300]);
    const before = sum(next.remainders());
    next.endRows(rows(next).map(({ id }) => id));
    expect(rows(next)).toEqual([]);
    expect(sum(next.remainders()) - before).toBe(340);
    next.close();
    expect(sum(open().remainders()) - before).toBe(340);
  });

  test('when all of them were marked and written down, ends all of them', async () => {
    await leaveTwoRows();
    const before = sum(open().remainders());
    opened.pop()?.close();
    mark(1, () => true);
    begin(1);
    const next = open();
    expect(rows(next)).toEqual([]);
    expect(sum(next.remainders()) - before).toBe(340);
  });

  test('while it marked rows, after another fold that was through, lets all of them go on', async () => {
    await leaveTwoRows();
    mark(2, (index) => index === 0);
    begin(1);
    const next = open();
    expect(packets(rows(next))).toEqual([40, 300]);
    next.endRows(rows(next).map(({ id }) => id));
    const remained = sum(next.remainders());
    next.close();
    const last = open();
    expect(rows(last)).toEqual([]);
    expect(sum(last.remainders())).toBe(remained);
  });

  test('when it had added a generation to what is kept and not yet removed it, counts it once', async () => {
    const first = open();
    floods[0]?.send(300);
    const [row] = rows(first);
    expect(row).toMatchObject({ packets: 300, live: true });
    first.close();
    const counted = map('attributes_even')
      .elements()
      .find(({ value }) => value.readBigUInt64LE(0) === 300n);
    const value = Buffer.alloc(KEPT_BYTES);
    counted?.value.copy(value);
    value.writeBigUInt64LE(1n, MERGED);
    map('kept').put({ key: counted?.key as Buffer, value });
    const generation = map('generation');
    const [only] = generation.elements();
    only?.value.writeBigUInt64LE(1n, CURRENT);
    only?.value.writeBigUInt64LE(0n, TAKEN);
    generation.put({ key: Buffer.alloc(4), value: only?.value as Buffer });
    const next = open();
    expect(rows(next)).toMatchObject([{ packets: 300, live: true }]);
    floods[0]?.send(20);
    expect(rows(next)).toMatchObject([{ packets: 320, live: true }]);
    await next.drain();
    expect(rows(next)).toMatchObject([{ packets: 320, live: false }]);
  });
});
