import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Probe, Row } from '../../../native/index.js';
import { mountBpf, unmountBpf } from '../../support/bpf_mount.ts';
import { drainable, nestedOf } from '../../support/draining.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { SpoofedFlood } from '../../support/spoof.ts';
import { native } from './probe_options.ts';
import { PINNED, ROWS, sentIntoRuleByRows } from './rows_by_interface.ts';

const why = whyNotHere(['mount', 'ip', 'iptables', 'cc']);
const KILLS = 12;
let mounted = '';
let flood: SpoofedFlood;
const opened: Probe[] = [];

const directory = () => join(mounted, 'rows');
const pin = () => ({ directory: directory(), ...PINNED });

function open(more: object = {}): Probe {
  const probe = drainable(500, { ...ROWS, flows: undefined, ...more });
  opened.push(probe);
  return probe;
}

/** Rows of the flood: those of its namespace. */
const floods = (probe: Probe) => probe.entries('attributes').filter(({ netns }) => netns === flood.inode);
const sum = (rows: readonly Row[]) => rows.reduce((all, { packets }) => all + packets, 0);

beforeAll(() => {
  if (why !== undefined) return;
  execFileSync('sh', [fileURLToPath(new URL('../../kernel/build.sh', import.meta.url))], { stdio: 'inherit' });
  mounted = mountBpf();
});

beforeEach(() => {
  if (why === undefined) flood = new SpoofedFlood();
});

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
  if (why !== undefined) return;
  native.unpin(directory());
  flood.remove();
});

afterAll(() => {
  if (why !== undefined) return;
  unmountBpf(mounted);
});

describe.skipIf(why !== undefined)('rows that are no array index', () => {
  test('leave the kernel at the end of a generation, and no number changes', async () => {
    const probe = open();
    flood.send(300);
    expect(floods(probe)).toMatchObject([{ packets: 300, live: true }]);
    await probe.drain();
    expect(floods(probe)).toMatchObject([{ packets: 300, live: false }]);
    flood.send(200);
    expect(floods(probe)).toMatchObject([{ packets: 500, live: true }]);
    await probe.drain();
    await probe.drain();
    expect(floods(probe)).toMatchObject([{ packets: 500, live: false }]);
  });

  test('keep the time at which they were made', async () => {
    const before = Date.now();
    const probe = open();
    await sleep(50);
    flood.send(1);
    const [row] = floods(probe);
    expect(row?.sinceMillis).toBeGreaterThanOrEqual(before + 49);
    expect(row?.sinceMillis).toBeLessThanOrEqual(Date.now());
    await probe.drain();
    await sleep(50);
    flood.send(1);
    expect(floods(probe)).toMatchObject([{ packets: 2, sinceMillis: row?.sinceMillis }]);
  });

  test('that end are forgotten, and what they had counted remains; the next drop makes a new one', async () => {
    const probe = open();
    flood.send(300);
    await probe.drain();
    const [ended] = floods(probe) as [Row];
    const before = sum(probe.remainders());
    probe.endRows([ended.id]);
    expect(floods(probe)).toEqual([]);
    expect(sum(probe.remainders())).toBe(before + 300);
    expect(probe.remainders()).toContainEqual(
      expect.objectContaining({
        netns: 0,
        cookie: 0,
        interface: '',
        protocol: 0,
        reason: ended.reason,
        direction: ended.direction,
      }),
    );
    await sleep(5);
    flood.send(7);
    const [again] = floods(probe) as [Row];
    expect(again).toMatchObject({ packets: 7, live: true });
    expect(again.sinceMillis).toBeGreaterThan(ended.sinceMillis);
    expect(sentIntoRuleByRows(probe)).toBe(307);
  });

  test('make room for others: the map holds what one generation brings', async () => {
    const probe = open({ attributesMaxEntries: 4 });
    for (let next = 0; next < 6; next++) {
      await probe.drain();
      flood.send(10);
      await probe.drain();
      // Of several namespaces that had this inode number, the last.
      const [row] = floods(probe).toSorted((a, b) => b.sinceMillis - a.sinceMillis);
      expect(row).toMatchObject({ packets: 10 });
      flood.remove();
      flood = new SpoofedFlood();
    }
  });

  test('two namespaces are two, though the second has the inode number of the first', async () => {
    const probe = open({ attributesMaxEntries: 64 });
    flood.send(5);
    const [first] = floods(probe) as [Row];
    // The kernel gives the number that was freed last.
    for (let tries = 0; tries < 50; tries++) {
      const inode = flood.inode;
      flood.remove();
      flood = new SpoofedFlood();
      if (flood.inode === inode) break;
    }
    flood.send(6);
    const rows = floods(probe);
    expect(new Set(rows.map(({ cookie }) => cookie)).size).toBe(rows.length);
    if (first.cookie !== 0) expect(rows.find(({ cookie }) => cookie === first.cookie)?.packets ?? 5).toBe(5);
    expect(rows.map(({ packets }) => packets)).toContain(6);
  });

  test('of a process that ended some are a next one’s, with what remains of the others', async () => {
    const first = open({ pin: pin() });
    flood.send(300);
    await first.drain();
    first.endRows(floods(first).map(({ id }) => id));
    flood.send(20);
    const [row] = floods(first) as [Row];
    first.close();
    flood.send(4);
    const second = open({ pin: pin() });
    expect(floods(second)).toMatchObject([{ packets: 24, sinceMillis: row.sinceMillis }]);
    expect(sentIntoRuleByRows(second)).toBe(324);
  });

  test.each(['basic', 'advanced'])(
    '%s: not one drop is lost or doubled by a process that is killed in a flood while it ends rows',
    async (mode) => {
      const flows = mode === 'basic' ? { flows: undefined } : { flows: { maxEntries: 500, ports: false } };
      // Counts from here on, whoever is there.
      open({ pin: pin(), ...flows });
      for (const probe of opened.splice(0)) probe.close();
      const { process: sender, sent } = flood.start(1_000_000_000);
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          const child = spawn(process.execPath, [join(import.meta.dirname, 'end_rows_for_ever.ts'), directory(), mode], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          const rounds = async (count: number) => {
            for (let seen = 0; seen < count; ) seen += String(await once(child.stdout, 'data')).split('\n').length - 1;
          };
          await rounds(1);
          // A row that goes on rising doesn't end.
          sender.kill('SIGSTOP');
          await rounds(3);
          sender.kill('SIGCONT');
          await sleep(kill * 7);
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
      } finally {
        sender.kill('SIGKILL');
        await sent;
      }
      const last = open({ pin: pin(), ...flows });
      expect(last.origin).toBe('taken_over');
      await last.drain();
      expect(last.remainders().length).toBeGreaterThan(0);
      expect(sentIntoRuleByRows(last) + nestedOf(last)).toBe(flood.dropped.packets);
    },
    120_000,
  );
});
