import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { whyNotHere } from '../../support/requirements.ts';
import { inProcess } from './in_process.ts';
import { native } from './probe_options.ts';

interface Function {
  readonly name: string;
  readonly start: bigint;
}

const kallsyms = () => readFileSync('/proc/kallsyms', 'utf8');

/** The kernel's functions as /proc/kallsyms has them, modules' too, in its order. */
function functions(text = kallsyms()): Function[] {
  return [...text.matchAll(/^([0-9a-f]+) [tTwW] (\S+)/gm)].map(([, address, name]) => ({
    name: name as string,
    start: BigInt(`0x${address}`),
  }));
}

/** Those that stand after a higher address: of modules and BPF programs. */
function late(all: readonly Function[]): Function[] {
  let highest = 0n;
  return all.filter(({ start }) => {
    const isLate = start < highest;
    if (!isLate) highest = start;
    return isLate;
  });
}

function some<T>(all: readonly T[]): T[] {
  return all.filter((_, index) => index % Math.ceil(all.length / 50) === 0);
}

describe.skipIf(whyNotHere() !== undefined)('where kernel functions lie', () => {
  test('is from their own address to the next higher one, wherever in /proc/kallsyms that stands', () => {
    const holds = () => {
      const text = kallsyms();
      const all = functions(text);
      const sorted = [...new Set(all.map(({ start }) => start))].sort((a, b) => (a < b ? -1 : 1));
      const next = new Map(sorted.map((start, index) => [start, sorted[index + 1]]));
      const times = new Map<string, number>();
      for (const { name } of all) times.set(name, (times.get(name) ?? 0) + 1);
      const wanted = [...some(all), ...some(late(all))].filter(({ name, start }) => times.get(name) === 1 && next.get(start));
      const ranges = native.symbolRanges(wanted.map(({ name }) => name));
      if (kallsyms() !== text) return false; // somebody loaded or freed a program meanwhile
      expect(wanted.length).toBeGreaterThan(20);
      expect(ranges).toEqual(Object.fromEntries(wanted.map(({ name, start }) => [name, { start, end: next.get(start) }])));
      return true;
    };
    const attempts = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(attempts.some(holds)).toBe(true);
  });

  test('is the first place where a name stands more than once', () => {
    const all = functions();
    const first = new Map<string, bigint>();
    const twice = all.find(({ name, start }) => {
      const known = first.get(name);
      if (known === undefined) first.set(name, start);
      return known !== undefined && known !== start;
    });
    if (twice === undefined) throw new Error('no name stands twice in /proc/kallsyms');
    expect(native.symbolRanges([twice.name])[twice.name]?.start).toBe(first.get(twice.name));
  });

  test('can be told again and again, and by workers at the same time, from one open file', () => {
    const { answers, files } = inProcess<{ answers: string[]; files: number }>(`
      const { Worker } = await import('node:worker_threads');
      const ask = (times) => {
        const answers = new Set();
        for (let i = 0; i < times; i++) {
          const { ip_rcv } = native.symbolRanges(['ip_rcv']);
          answers.add(ip_rcv.start + ' ' + ip_rcv.end + ' ' + native.symbolsAt([ip_rcv.end]));
        }
        return [...answers];
      };
      const source = \`const { parentPort } = process.getBuiltinModule('node:worker_threads');
        import('\${process.cwd()}/test/unit/native/probe_options.ts').then(({ native }) => {
          parentPort.postMessage((\${ask})(5));
        });\`;
      const workers = [1, 2].map(() => new Promise((resolve, reject) =>
        new Worker(source, { eval: true }).once('message', resolve).once('error', reject)));
      const own = ask(5);
      result = {
        answers: [...new Set([...own, ...(await Promise.all(workers)).flat()])],
        files: readdirSync('/proc/self/fd').filter((fd) => {
          try { return readlinkSync('/proc/self/fd/' + fd) === '/proc/kallsyms'; } catch { return false; }
        }).length,
      };
    `);
    expect(answers).toEqual([expect.stringMatching(/^\d+ \d+ ip_rcv$/)]);
    expect(files).toBe(1);
  });

  test('can still be told without the capability that showed it', () => {
    const { before, after, anew } = inProcess<{ before: string; after: string; anew: string }>(`
      const look = () => String(native.symbolRanges(['ip_rcv']).ip_rcv?.start);
      const before = look();
      native.dropCapabilities();
      const anew = /^([0-9a-f]+) . ip_rcv$/m.exec(readFileSync('/proc/kallsyms', 'utf8'))[1];
      result = { before, after: look(), anew: String(BigInt('0x' + anew)) };
    `);
    expect(after).toBe(before);
    expect(before).toMatch(/^\d{10,}$/);
    // Where the kernel hides addresses at all, that shows that ours is the old file.
    if (Number(readFileSync('/proc/sys/kernel/perf_event_paranoid', 'utf8')) > 1) expect(anew).toBe('0');
  });

  test('are the same where they were looked for ahead', () => {
    const { ahead, other, again } = inProcess<Record<'ahead' | 'other' | 'again', string>>(`
      const text = (ranges) => Object.entries(ranges).map(([name, { start, end }]) => name + ' ' + start + ' ' + end).join();
      native.readAhead(['ip_rcv']);
      native.readAhead(['ip_output']);
      const other = text(native.symbolRanges(['ip_output']));
      result = { other, ahead: text(native.symbolRanges(['ip_rcv'])), again: text(native.symbolRanges(['ip_rcv'])) };
    `);
    expect(ahead).toMatch(/^ip_rcv \d{10,} \d{10,}$/);
    expect(other).toMatch(/^ip_output \d{10,} \d{10,}$/);
    expect(again).toBe(ahead);
  });

  test('is known of the functions asked for alone once the file is closed, with what the compiler made of them', () => {
    const all = functions();
    const part = all.find(({ name }) => /^\w+\.(part|isra|constprop)\.0$/.test(name))?.name ?? 'ip_rcv';
    const result = inProcess<Record<'before' | 'after', string[]> & { open: number; ranges: string[] }>(`
      const names = ['ip_rcv', 'ip_output', '${part}'];
      const ranges = native.symbolRanges(names);
      const within = names.flatMap((name) => [ranges[name].start + 1n, ranges[name].end, ranges[name].end + 1n]);
      const before = native.symbolsAt(within);
      native.closeSymbols(['ip_rcv', '${part.replace(/\..*/, '')}']);
      result = {
        before,
        after: native.symbolsAt(within),
        ranges: Object.entries(native.symbolRanges(names)).map(([name, { start, end }]) =>
          name + (start === ranges[name].start && end === ranges[name].end)),
        open: readdirSync('/proc/self/fd').filter((fd) => {
          try { return readlinkSync('/proc/self/fd/' + fd) === '/proc/kallsyms'; } catch { return false; }
        }).length,
      };
    `);
    const [base] = part.split('.') as [string];
    const kept = new Set(['ip_rcv', base]);
    expect(result.before.slice(0, 2)).toEqual(['ip_rcv', 'ip_rcv']);
    expect(result.before.slice(3, 5)).toEqual(['ip_output', 'ip_output']);
    expect(result.before.slice(6, 8)).toEqual([base, base]);
    expect(result.after).toEqual(result.before.map((name) => (kept.has(name) ? name : '')));
    expect(result.ranges.sort()).toEqual(['ip_rcvtrue', `${part}true`].sort());
    expect(result.open).toBe(0);
  });
});
