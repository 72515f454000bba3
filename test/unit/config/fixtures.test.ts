import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/component/errors.ts';
import { factories as real } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { factories as likeReal } from './factories.ts';
import { mistakes } from './scratch.ts';

/**
 * Each fixture is a file with mistakes. Its comments have the complete expected messages in order: `# error: …` and `# warning: …`.
 * It is loaded with `# env: NAME=value` and `# set: key=value`.
 */
const DIRECTORY = join(import.meta.dirname, '../../fixtures/config');

function said(text: string, what: string): string[] {
  return [...text.matchAll(new RegExp(`^# ${what}: (.*)$`, 'gm'))].map((match) => match[1] ?? '');
}

describe.each([
  ['in one place', '.', likeReal],
  ['of components, and of how they go together', 'joints', real],
] as const)('one file per mistake %s', (_, folder, factories) => {
  const directory = join(DIRECTORY, folder);
  test.each(readdirSync(directory).filter((name) => name.endsWith('.yaml')))('%s', (name) => {
    const file = join(directory, name);
    const text = readFileSync(file, 'utf8');
    const env = Object.fromEntries(said(text, 'env').map((line) => line.split('=', 2)));
    let warnings: string[] = [];
    const errors = mistakes(() => {
      const config = loadConfig({ files: [file], sets: said(text, 'set'), env, factories });
      warnings = config.warnings.flatMap((warning) =>
        mistakes(() => {
          throw new ConfigError([warning]);
        }),
      );
    });
    expect([...said(text, 'error'), ...said(text, 'warning')]).not.toEqual([]);
    expect(errors).toEqual(said(text, 'error'));
    expect(warnings).toEqual(said(text, 'warning'));
  });
});
