import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNoopMeter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ComponentError, ConfigError } from '../../../src/component/errors.ts';
import type { Factories } from '../../../src/component/factory.ts';
import { factories } from '../../../src/components.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Graph } from '../../../src/service/graph.ts';
import { SourceReceiver } from '../../support/components.ts';
import { ENVIRONMENT, mutated } from './mutations.ts';
import { files } from './scratch.ts';

/** CONTRIBUTING.md describes how to run 20,000. */
const RUNS = Number(process.env.DROPREASON_MUTATIONS ?? 2_000);
/** The longest CPU time of a SIGHUP. CPU time, because the machine may be busy. */
const MOST_MICROSECONDS = 2_000_000;
/** One in so many of the valid ones is run. */
const RUN = 20;

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLES = globSync(['otel-collector.yaml', 'config/*.yaml', 'deploy/**/config.yaml'], { cwd: ROOT });

/** The configuration, or its mistakes. Other errors are rethrown. */
function load(file: string): Config | ConfigError {
  try {
    return loadConfig({ files: [file], env: ENVIRONMENT, factories: withoutKernel });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function expectToTell({ problems }: ConfigError): void {
  expect(problems).not.toEqual([]);
  for (const { path, message, source } of problems) {
    expect(source).toMatch(/\.yaml:\d+:\d+$/);
    // A whole file that isn't YAML or is too large has no path.
    if (path === '') expect(message).toMatch(/^(?:is not YAML|is too large|must be (?:one document|a mapping)|a key must be)/);
    expect(message).not.toMatch(/\n\s+at |TypeError|RangeError: (?!Maximum)|\[object|\bundefined$/);
  }
}

/** Everything is real except for reading the kernel, which requires privileges and an exclusive machine. */
const withoutKernel: Factories = {
  ...factories,
  receivers: factories.receivers.map((factory) => ({
    ...factory,
    create: async ({ id }, _config, next) =>
      new SourceReceiver([], id, { tag: '', fails: '', hangs: false, unmakeable: false }, next),
  })),
};

/** A start may fail because this host lacks something, such as a service account or a free port. It must then say so. */
async function run(config: Config): Promise<void> {
  const settingsOf = (_kind: string, id: string) => ({
    id,
    logger: pino({ level: 'silent' }),
    meter: createNoopMeter(),
    resource: resourceFromAttributes({}),
    keep: <T>(_name: string, make: () => T) => make(),
    reloadedMillis: 0,
  });
  const graph = await Graph.build(config, { settingsOf, observer: { consume: () => {} } });
  try {
    await graph.start();
    await graph.refresh();
  } catch (error) {
    expect((error as Error).cause).toBeInstanceOf(ComponentError);
  } finally {
    await graph.shutdown(1_000);
  }
}

test(`${RUNS} mutated examples are refused in good words and in time, or run`, { timeout: RUNS * 300 }, async () => {
  const [file = ''] = files('');
  const texts = EXAMPLES.map((name) => readFileSync(join(ROOT, name), 'utf8'));
  let valid = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(mutated(texts), async (text) => {
      writeFileSync(file, text);
      const began = process.cpuUsage();
      const loaded = load(file);
      const { user, system } = process.cpuUsage(began);
      expect(user + system).toBeLessThan(MOST_MICROSECONDS);
      if (loaded instanceof ConfigError) {
        refused += 1;
        expectToTell(loaded);
      } else if (valid++ % RUN === 0) await run(loaded);
    }),
    { numRuns: RUNS },
  );
  // Otherwise the test would not cover both cases.
  expect(Math.min(valid, refused)).toBeGreaterThan(RUNS / 20);
});
