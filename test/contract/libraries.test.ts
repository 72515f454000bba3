import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/agent.ts';

const ADDON = join(ROOT, 'build/dropreason.node');
/** glibc 2.28 and GCC 8's libstdc++ and libgcc: what Node 24 needs itself. */
const OLDEST: Readonly<Record<string, string>> = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '8.0.0' };
/** Debian 12's. Headers of a newer glibc bring newer symbols, and what they build need not run on an older one. */
const BUILT_WITH = '2.36';

/** Versions of symbols that a shared object needs, such as `GLIBC_2.14`. */
function neededVersions(file: string): string[] {
  const text = execFileSync('readelf', ['--wide', '--version-info', file], { encoding: 'utf8' });
  const needs = text.slice(text.indexOf('.gnu.version_r'));
  return [...needs.matchAll(/Name: (\S+) {2}Flags/g)].map(([, name]) => name as string);
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

function tooNew(name: string): boolean {
  const [, library = '', version = ''] = /^([A-Z]+)_(.*)$/.exec(name) ?? [];
  const oldest = OLDEST[library];
  return oldest !== undefined && isNewer(version, oldest);
}

const glibc = execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' }).trim().split(' ')[1] as string;

const why = isNewer(glibc, BUILT_WITH) ? `built with glibc ${glibc}, whose headers need newer symbols` : undefined;

describe('the addon', () => {
  test('needs no library that is newer than those of glibc 2.28 and GCC 8', ({ skip }) => {
    if (why !== undefined) skip(why);
    const needed = neededVersions(ADDON);
    expect(needed).toContainEqual(expect.stringMatching(/^GLIBC_/));
    expect(needed).toContainEqual(expect.stringMatching(/^GLIBCXX_/));
    expect(needed.filter(tooNew)).toEqual([]);
  });
});
