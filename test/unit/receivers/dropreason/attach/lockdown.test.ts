import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockdownLevel } from '../../../../../src/receivers/dropreason/attach/lockdown.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dropreason-lockdown-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['[none] integrity confidentiality\n', 'none'],
  ['none [integrity] confidentiality\n', 'integrity'],
  ['none integrity [confidentiality]\n', 'confidentiality'],
  ['[none] integrity\n', 'none'],
  ['none integrity confidentiality\n', undefined],
])('the level in brackets counts: %j', (text, level) => {
  const file = join(directory, 'lockdown');
  writeFileSync(file, text);
  expect(lockdownLevel(file)).toBe(level);
});

test('a kernel without lockdown, or without securityfs, has no level', () => {
  expect(lockdownLevel(join(directory, 'absent'))).toBeUndefined();
});
