import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/component/errors.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { factories } from './factories.ts';
import { files, mistakes, VALID } from './scratch.ts';

const RUNS = 500;
const TOKENS = [
  ':',
  ' ',
  '\n',
  '\n  ',
  '\t',
  '-',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: ',
  '!!int ',
  '? ',
  '| ',
  '> ',
  '#',
  '---\n',
  '${',
  '${env:A}',
  '${env:B:-',
  '$$',
  '}',
  '~',
  'null',
  '1e999',
  '.nan',
  '0x',
  '__proto__',
  'constructor',
  '\0',
  '\uFEFF',
  '%YAML 1.1\n',
];

const edit = fc.record({
  at: fc.nat(VALID.length),
  cut: fc.oneof(fc.constant(0), fc.nat(30)),
  put: fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 8 }), fc.constantFrom(...VALID.split(/\b/))),
});

/** Every complaint has a place, and the only exception is a ConfigError. */
function check(file: string, sets: readonly string[] = []): void {
  try {
    loadConfig({ files: [file], sets, env: { A: '[1' }, factories });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { message, source } of error.problems) {
      expect(message).not.toBe('');
      if (sets.length === 0) expect(source).toMatch(/:\d+:\d+$/);
    }
  }
}

test('random edits of a valid file never throw anything but a ConfigError', () => {
  const [file = ''] = files('');
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), VALID);
      writeFileSync(file, text);
      check(file);
    }),
    { numRuns: RUNS },
  );
});

test('any value in any place never throws anything but a ConfigError', () => {
  const [file = ''] = files('');
  const place = fc.constantFrom(
    'receivers',
    'receivers.dropreason',
    'receivers.dropreason.collection_interval',
    'exporters.debug.sampling',
    'exporters.prometheus.endpoint',
    'service',
    'service.extensions',
    'service.telemetry.metrics.readers',
    'service.telemetry.resource',
    'service.pipelines',
    'service.pipelines.metrics',
    'service.pipelines.metrics.processors',
    'processors.filter.include',
  );
  writeFileSync(file, VALID);
  fc.assert(
    fc.property(place, fc.oneof(fc.json({ maxDepth: 4 }), fc.string(), fc.constantFrom(...TOKENS)), (key, value) => {
      check(file, [`${key}=${value}`]);
    }),
    { numRuns: RUNS },
  );
});

test('any flag and any bytes', () => {
  const [file = '', bytes = ''] = files(VALID, '');
  fc.assert(
    fc.property(fc.string(), (flag) => check(file, [flag])),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(fc.uint8Array(), (content) => {
      writeFileSync(bytes, content);
      expect(mistakes(() => loadConfig({ files: [bytes], env: {}, factories }))).not.toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
