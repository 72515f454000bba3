import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { native } from '../../../src/receivers/dropreason/probe.ts';

test('releasing resident memory unmaps the executable as it is in its file, and nothing that was changed', async () => {
  const [before, ofLibrariesBefore] = [resident('RssFile'), ofLibraries()];
  // Node.js's own tables of addresses (RELRO) are changed pages of its file. Without them this process would crash.
  for (let time = 0; time < 3; time++) await native().releaseResident();

  expect(resident('RssFile')).toBeLessThan(before - 8_192);
  // Another thread may be loading a library.
  expect(ofLibraries()).toBeGreaterThanOrEqual(ofLibrariesBefore);
  expect(new Intl.NumberFormat('de').format(1_234.5)).toBe('1.234,5');
});

test('releasing resident memory returns what was freed', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const blocks = Array.from({ length: 512 }, () => Buffer.allocUnsafeSlow(65_536).fill(1));
  // Between blocks in use, malloc() keeps what is free.
  const kept = blocks.filter((_, index) => index % 8 === 0);
  blocks.length = 0;
  collectGarbage();
  const before = resident('RssAnon');
  await native().releaseResident();

  expect(resident('RssAnon')).toBeLessThan(before - 16_384);
  expect(kept.every((block) => block.every((byte) => byte === 1))).toBe(true);
});

/** A field of /proc/self/status, in kB. */
function resident(field: 'RssFile' | 'RssAnon'): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/** Resident pages of shared libraries, in kB. */
function ofLibraries(): number {
  let [kilobytes, isOne] = [0, false];
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) isOne = /\.so(?:\.|$)/.test(line);
    else if (isOne) kilobytes += Number(/^Rss:\s+(\d+) kB$/.exec(line)?.[1] ?? 0);
  }
  return kilobytes;
}
