import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { KINDS } from '../../src/config/kinds.ts';
import { folders, minimalConfig, subjects } from './every_component.ts';

interface Described {
  readonly properties?: Readonly<Record<string, Described & { readonly description?: string }>>;
}

/** Paths of the keys that say nothing about themselves; a group of keys may leave that to them. */
function silent({ properties = {} }: Described, path: readonly string[] = []): string[] {
  return Object.entries(properties).flatMap(([key, value]) => {
    const here = [...path, key];
    const inner = silent(value, here);
    return value.description === undefined && value.properties === undefined ? [here.join('::'), ...inner] : inner;
  });
}

describe.each(KINDS)('%s', (kind) => {
  test('has each of its folders in src/components.ts', () => {
    expect(folders(kind).sort()).toEqual(
      subjects([kind])
        .map(({ type }) => type)
        .sort(),
    );
  });

  test('has no name twice', () => {
    const names = subjects([kind]).flatMap(({ factory }) => [factory.type, ...(factory.aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(subjects())('$name', (subject) => {
  const { kind, type, factory } = subject;

  test('has the name of its folder, with the same few files as the others', () => {
    expect(type).toMatch(/^[a-z][a-z0-9_]*$/);
    const thing = kind.slice(0, -1);
    for (const file of ['config.ts', 'factory.ts', `${thing}.ts`]) {
      expect(existsSync(new URL(`../../src/${kind}/${type}/${file}`, import.meta.url)), file).toBe(true);
    }
  });

  test('is described in a sentence', () => {
    expect(factory.description).toMatch(/^[A-Z].*\.$/s);
    expect(factory.description).not.toContain('\n');
  });

  test('takes its minimal configuration', () => {
    expect(() => minimalConfig(subject)).not.toThrow();
  });

  test('refuses an unknown key', () => {
    const issues = factory.schema.safeParse({ no_such_key: 1 }).error?.issues ?? [];
    expect(issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['no_such_key'] }));
  });

  test.each([['text'], [7], [[]]])('refuses %j in place of a mapping', (given) => {
    expect(factory.schema.safeParse(given).success).toBe(false);
  });

  test('can be told to editors, every key with a description', () => {
    const schema = z.toJSONSchema(factory.schema, { io: 'input' }) as Described;
    expect(silent(schema)).toEqual([]);
  });
});
