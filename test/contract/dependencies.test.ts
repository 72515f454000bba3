import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Package;
const locked = Object.entries(packages).filter(([path]) => path !== '');
const shipped = locked.filter(([, { dev }]) => dev !== true);
const paths = (entries: readonly (readonly [string, Locked])[]) => entries.map(([path]) => path);

/** Of what is shipped: they ask for no more than that their notice is kept. */
const LICENSES = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'PSF-2.0', 'Unlicense']);

/**
 * Packages with an install script, which is never run: .npmrc says so. protobufjs' only warns of version ranges. A package that
 * needs its script does not work here.
 */
const WITH_SCRIPT = ['node_modules/protobufjs'];

describe('the packages that we depend on', () => {
  test('are pinned: each by its version and by the checksum of its archive, from whatever registry', () => {
    const asked = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(paths(locked.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-')))).toEqual([]);
    expect(paths(locked.filter(([, { resolved }]) => resolved !== undefined))).toEqual([]);
  });

  test('run nothing when they are installed', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    expect(paths(locked.filter(([, { hasInstallScript }]) => hasInstallScript))).toEqual(WITH_SCRIPT);
    // What is installed, whatever the lock file says of it.
    const scripts = locked.flatMap(([path, { optional }]) => {
      let text: string;
      try {
        text = read(join(path, 'package.json'));
      } catch (error) {
        if (optional) return []; // of another platform
        throw error;
      }
      const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> };
      return ['preinstall', 'install', 'postinstall'].some((name) => Object.hasOwn(scripts, name)) ? [path] : [];
    });
    expect(scripts).toEqual(WITH_SCRIPT);
  });

  test('are in the bundle only where they are shipped, each with its licence', () => {
    const notices = read('dist/NOTICES.txt')
      .split(`\n${'-'.repeat(80)}\n`)
      .slice(1);
    const named = notices.map((notice) => /^\n(?<name>\S+) (?<version>\S+): (?<license>.+)\n/.exec(notice)?.groups);
    const isShipped = (each: (typeof named)[number]) =>
      shipped.some(
        ([path, { version, license }]) =>
          path.endsWith(`node_modules/${each?.name}`) && version === each?.version && license === each?.license,
      );
    expect(named.length).toBeGreaterThan(Object.keys(dependencies).length);
    expect(named.filter((each) => !isShipped(each))).toEqual([]);
  });

  test('have licences that let them be shipped with ours', () => {
    expect(
      shipped.filter(([, { license = '' }]) => !LICENSES.has(license)).map(([path, { license }]) => [path, license]),
    ).toEqual([]);
  });
});
