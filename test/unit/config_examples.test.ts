import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../../src/cli/cli.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The configuration of the collector that takes what we push: not ours to read. */
const FOREIGN = ['downstream-collector.yaml'];

const EXAMPLES = [
  'otel-collector.yaml',
  ...readdirSync(join(ROOT, 'config'))
    .filter((name) => name.endsWith('.yaml') && !FOREIGN.includes(name))
    .map((name) => join('config', name)),
];

async function validate(name: string) {
  const said = { stdout: '', stderr: '' };
  const code = await cli(['validate', '--config', join(ROOT, name)], {
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}

describe('the configurations that come along', () => {
  test('are there', () => {
    expect(EXAMPLES.length).toBeGreaterThan(5);
  });

  test.each(EXAMPLES)('%s has no mistake and nothing to warn of', async (name) => {
    const { code, stdout, stderr } = await validate(name);
    expect(stderr).toBe('');
    expect(stdout).toContain('valid, pipelines: metrics');
    expect(code).toBe(0);
  });

  test.each(FOREIGN)('%s is no configuration of ours', async (name) => {
    const { code, stderr } = await validate(join('config', name));
    expect(stderr).toContain('receivers::otlp: there is no receiver otlp');
    expect(code).toBe(1);
  });
});
