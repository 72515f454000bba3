import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillTemplate, lossSlots } from '../../../scripts/generate_docs.ts';
import { native } from '../../../src/receivers/dropreason/probe.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('generate_docs', () => {
  it('finds what is committed up to date', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/generate_docs.ts', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('knows the slots by the names that the addon gives them', () => {
    const slots = lossSlots(readFileSync(join(ROOT, 'bpf/dropreason.h'), 'utf8'));
    expect(slots.map(({ name }) => name)).toEqual(native().layout.slots);
  });

  it('takes the comment above a slot for its meaning, and wants one', () => {
    const header = (comment: string) =>
      `enum dropreason_slot {\n\t${comment}\n\tDROPREASON_SLOT_A_B = 0,\n\tDROPREASON_SLOTS = 1,\n};`;
    expect(lossSlots(header('/* One,\n\t * and two. */'))).toEqual([{ name: 'a_b', meaning: 'One, and two.' }]);
    expect(() => lossSlots(header(''))).toThrow('DROPREASON_SLOT_A_B has no meaning');
    expect(() => lossSlots('enum other {};')).toThrow('no enum dropreason_slot');
  });

  it('fills in every part of a template, and no other', () => {
    expect(fillTemplate('a\n<!-- generated: x -->\nb\n', { x: 'X\n' })).toBe('a\nX\nb\n');
    expect(() => fillTemplate('<!-- generated: y -->\n', {})).toThrow('asks for "y"');
    expect(() => fillTemplate('', { x: 'X\n' })).toThrow("doesn't ask for x");
  });
});
