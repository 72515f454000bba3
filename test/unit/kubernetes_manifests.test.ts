import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

function text(...path: readonly string[]): string {
  return readFileSync(join(ROOT, ...path), 'utf8');
}

// kustomize reads no file outside of its own folder: so each is there twice.
test.each([
  ['base', 'advanced-local.yaml'],
  ['components/remote', 'advanced-remote.yaml'],
  ['components/retina', 'retina.yaml'],
])('the configuration in deploy/kubernetes/%s is config/%s', (folder, example) => {
  expect(text('deploy/kubernetes', folder, 'config.yaml')).toBe(text('config', example));
});
