import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const code = (file: string) => read(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).sort();

/** `receivers/dropreason` of a component's file. */
const partOf = (file: string) => relative('src', file).split('/').slice(0, 2).join('/');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

/** Every import, static, dynamic or of a type alone; relative ones as paths from the root. */
function importsOf(file: string): Import[] {
  const found = code(file).matchAll(
    /(?:^|\n)\s*(import|export)\b(\s+type\b)?[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import '([^']+)'/g,
  );
  return [...found].map(([, , isType, from, dynamic, bare]) => {
    const to = (from ?? dynamic ?? bare) as string;
    return { from: file, to: to.startsWith('.') ? join(dirname(file), to) : to, isType: isType !== undefined };
  });
}

const IMPORTS = SOURCES.flatMap(importsOf);
const told = (imports: readonly Import[]) => imports.map(({ from, to }) => `${from} imports ${to}`);

/** Points in time are published or logged by it, and names made of it. What is measured, or is to happen later, has performance.now(). */
const WALL_CLOCK = [
  'src/component/retry_after.ts',
  'src/exporters/file/rotated_file.ts',
  'src/extensions/health_check/extension.ts',
  'src/otlp/grpc/carrier.ts',
  'src/receivers/dropreason/receiver.ts',
  'src/receivers/dropreason/session.ts',
  'src/service/service.ts',
  'src/service/telemetry/log_output.ts',
  'src/service/telemetry/logger.ts',
];

test('the clock that can be set is read for points in time only', () => {
  expect(SOURCES.filter((file) => /Date\.now\(|new Date\(\)/.test(code(file)))).toEqual(WALL_CLOCK);
});

/** The linter holds the arrows between folders (biome.json); what it has no rule for is here. */
describe('imports', () => {
  test('a factory imports its schema and hints, and the implementation only when it creates', () => {
    const factories = IMPORTS.filter(
      ({ from, to, isType }) => !isType && /^src\/[a-z]+\/[a-z_0-9]+\/factory\.ts$/.test(from) && partOf(from) === partOf(to),
    );
    expect(factories.length).toBeGreaterThan(10);
    const dynamic = (from: string, to: string) => read(from).includes(`await import('./${relative(dirname(from), to)}')`);
    const astray = factories.filter(
      ({ from, to }) => ![join(dirname(from), 'config.ts'), join(dirname(from), 'hints.ts')].includes(to) && !dynamic(from, to),
    );
    expect(told(astray)).toEqual([]);
  });

  test('pdata needs no package', () => {
    expect(
      told(IMPORTS.filter(({ from, to }) => from.startsWith('src/pdata/') && !isBuiltin(to) && !to.startsWith('src/pdata/'))),
    ).toEqual([]);
  });
});

describe('seams', () => {
  test('only probe.ts speaks of native/', () => {
    expect(SOURCES.filter((file) => /native\//.test(code(file)))).toEqual(['src/receivers/dropreason/probe.ts']);
  });

  test('only native/src includes bpf/dropreason.h from outside bpf/', () => {
    const includers = globSync('{src,native,test,scripts}/**/*.{c,cc,h,ts,js}', { cwd: ROOT }).filter((file) =>
      /^\s*#\s*include\s+["<].*dropreason\.h[">]/m.test(read(file)),
    );
    expect(includers.length).toBeGreaterThan(0);
    expect(includers.filter((file) => !file.startsWith('native/src/'))).toEqual([]);
  });

  test('only main.ts ends the process', () => {
    expect(SOURCES.filter((file) => /\bprocess\s*\.\s*(?:exit\b|abort\b|reallyExit\b|exitCode\b)/.test(code(file)))).toEqual([
      'src/main.ts',
    ]);
  });
});
