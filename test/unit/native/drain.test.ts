import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Probe } from '../../../native/index.js';
import { mountBpf, unmountBpf } from '../../support/bpf_mount.ts';
import { drainable, flowsOf, minus, plus, rowsOf } from '../../support/draining.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { SpoofedFlood } from '../../support/spoof.ts';
import { native, options } from './probe_options.ts';

const why = whyNotHere(['mount', 'ip', 'iptables', 'bpftool', 'cc']);
const FLOWS_MAX = 500;
const KILLS = 12;
const PINNED = { fingerprint: 'drained', startTimeMillis: 1_700_000_000_000 };
let mounted = '';
let flood: SpoofedFlood;
const opened: Probe[] = [];

const directory = () => join(mounted, 'drained');

function open(maxEntries: number, more: object = {}): Probe {
  const probe = drainable(maxEntries, more);
  opened.push(probe);
  return probe;
}

/** What a process does first in a drain: it counts up what is pinned, and is killed before it, or just after it, has said that it takes it. */
function endGeneration({ isTaken }: { isTaken: boolean }): void {
  const map = ['pinned', join(directory(), 'dropreason_generation'), 'key', '0', '0', '0', '0'];
  const { value } = JSON.parse(bpftool('-j', 'map', 'lookup', ...map)) as { value: string[] };
  const words = new BigUint64Array(Uint8Array.from(value, Number).buffer);
  const current = (words[0] as bigint) + 1n;
  const next = new Uint8Array(BigUint64Array.of(current, isTaken ? current : (words[1] as bigint)).buffer);
  bpftool('map', 'update', ...map, 'value', ...Array.from(next, String));
}

function bpftool(...args: readonly string[]): string {
  return execFileSync('bpftool', args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
}

/** Drains, and expects that the rows rose by its flows and by what the overflow rose by. */
async function drainWhole(probe: Probe) {
  const before = rowsOf(probe);
  const drained = await probe.drain();
  const after = rowsOf(probe);
  const flows = flowsOf(drained);
  const [node, overflow] = [minus(after.node, before.node), minus(after.overflow, before.overflow)];
  expect(node).toEqual(plus(flows, overflow));
  return { node, overflow, flows, count: drained.count };
}

beforeAll(() => {
  if (why !== undefined) return;
  execFileSync('sh', [fileURLToPath(new URL('../../kernel/build.sh', import.meta.url))], { stdio: 'inherit' });
  mounted = mountBpf();
  flood = new SpoofedFlood();
});

afterEach(() => {
  for (const probe of opened.splice(0)) probe.close();
  if (why === undefined) native.unpin(directory());
});

afterAll(() => {
  if (why !== undefined) return;
  flood.remove();
  unmountBpf(mounted);
});

describe.skipIf(why !== undefined)('draining', () => {
  test('takes each flow out once', async () => {
    const probe = open(4096);
    await probe.drain();
    flood.send(300);
    flood.send(100, '::1');
    const { flows, overflow, count } = await drainWhole(probe);
    expect(count).toBeGreaterThanOrEqual(400);
    expect(flows[0]).toBeGreaterThanOrEqual(400);
    expect(flows[1]).toBeGreaterThanOrEqual(300 * 52 + 100 * 72);
    expect(overflow).toEqual([0, 0]);
    expect((await drainWhole(probe)).count).toBeLessThan(100); // what others drop meanwhile
  });

  test('what has no room is in the overflow, and all of it is in the rows', async () => {
    const probe = open(1);
    flood.send(1000);
    const { node, overflow, count } = await drainWhole(probe);
    expect(count).toBe(1);
    expect(node[0]).toBeGreaterThanOrEqual(1000);
    expect(overflow[0]).toBeGreaterThanOrEqual(node[0] - 1000);
    expect(overflow[0]).toBeGreaterThan(900);
  });

  test('in a flood each drop is in exactly one drain', async () => {
    const probe = open(FLOWS_MAX);
    const before = flood.dropped.packets;
    const first = rowsOf(probe).node[0];
    let total = 0;
    const { process: sender, sent } = flood.start(400_000);
    while (sender.exitCode === null) total += (await drainWhole(probe)).node[0];
    await sent;
    total += (await drainWhole(probe)).node[0];
    expect(total).toBe(rowsOf(probe).node[0] - first);
    expect(flood.dropped.packets - before).toBe(400_000);
    expect(total).toBeGreaterThanOrEqual(400_000);
  });

  test(`a process that is killed ${KILLS} times in a flood leaves what the next one can tell apart`, async () => {
    const { process: sender, sent } = flood.start(100_000_000);
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'drain_for_ever.ts'), directory(), `${FLOWS_MAX}`], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(child.stdout, 'data');
        await sleep(kill * 7);
        child.kill('SIGKILL');
        await once(child, 'exit');
        const next = open(FLOWS_MAX, { pin: { directory: directory(), ...PINNED } });
        expect(next.origin).toBe('taken_over');
        const { node } = await drainWhole(next);
        expect(node[0]).toBeGreaterThan(0);
        await drainWhole(next);
        next.close();
      }
    } finally {
      sender.kill('SIGKILL');
      await sent;
    }
  }, 60_000);

  test('what was told before a restart is not told again, and what was not is', async () => {
    const pin = { directory: directory(), ...PINNED };
    const first = open(4096, { pin });
    flood.send(50);
    await first.drain();
    const told = rowsOf(first);
    flood.send(70);
    first.close();
    flood.send(30);
    const second = open(4096, { pin });
    expect(rowsOf(second)).toEqual(told);
    const { flows } = await drainWhole(second);
    expect(flows[0]).toBeGreaterThanOrEqual(100);
    expect(flows[0]).toBeLessThan(100 + 50); // others drop a little too
  });

  test('a process that was killed before it took what it had ended leaves it to the next one’s first drain', async () => {
    const pin = { directory: directory(), ...PINNED };
    const first = open(4096, { pin });
    await first.drain();
    flood.send(60);
    first.close();
    endGeneration({ isTaken: false });
    const second = open(4096, { pin });
    expect((await drainWhole(second)).flows[0]).toBeGreaterThanOrEqual(60);
    expect((await drainWhole(second)).flows[0]).toBeLessThan(60);
  });

  test('what a process was taking when it was killed has been its own: the rows have it, and no flows of a later drain', async () => {
    const pin = { directory: directory(), ...PINNED };
    const first = open(4096, { pin });
    await first.drain();
    const told = rowsOf(first).node[0];
    flood.send(60);
    first.close();
    endGeneration({ isTaken: true });
    const second = open(4096, { pin });
    expect(rowsOf(second).node[0] - told).toBeGreaterThanOrEqual(60);
    expect((await drainWhole(second)).flows[0]).toBeLessThan(60);
    expect((await drainWhole(second)).flows[0]).toBeLessThan(60);
  });

  test('waits on another thread', async () => {
    const probe = open(64);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for (let i = 0; i < 20; i++) await probe.drain();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });

  test('a probe that counts no flows has none', async () => {
    const probe = new native.Probe(options());
    opened.push(probe);
    await expect(probe.drain()).resolves.toMatchObject({ count: 0 });
  });

  test('a probe that is closed meanwhile lets the drain end', async () => {
    const probe = open(64);
    const drained = probe.drain();
    probe.close();
    await expect(drained).resolves.toMatchObject({ count: expect.any(Number) });
    expect(() => probe.drain()).toThrow('closed');
  });
});
