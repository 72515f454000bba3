import { describe, expect, test } from 'vitest';
import { factories } from '../../../src/components.ts';
import { filled } from '../../../src/config/filled.ts';
import { check } from '../../../src/config/issues.ts';
import { jsonSchema } from '../../../src/config/json_schema.ts';
import { KINDS } from '../../../src/config/kinds.ts';

/** Keys to set if the defaults are not a valid configuration. */
const LEAST: Readonly<Record<string, unknown>> = {
  otlp_grpc: { endpoint: 'localhost:4317' },
  otlp_http: { endpoint: 'http://localhost:4318' },
  // Secrets are not written out.
  bearertokenauth: { filename: '/token' },
  basicauth: { client_auth: { username: 'a', password_file: '/password' } },
  file: { path: '/dev/stdout' },
  attributes: { actions: [{ key: 'class', action: 'delete' }] },
  resource: { attributes: [{ key: 'k8s.cluster.name', value: 'east', action: 'upsert' }] },
  filter: { include: { match_type: 'strict', attributes: [{ key: 'reason', values: ['NO_SOCKET'] }] } },
};

const all = KINDS.flatMap((kind) => factories[kind].map((factory) => ({ kind, ...factory })));

describe.each(all)('$kind::$type', ({ kind, type, schema }) => {
  const least = LEAST[type] ?? {};

  test('its defaults are a configuration, and written out they mean the same', () => {
    const config = check(schema, least, []);
    expect(config).toHaveProperty('data');
    expect(check(schema, filled(schema, least), [])).toEqual(config);
  });

  test('an unknown key is rejected', () => {
    expect(check(schema, { ...(least as object), no_such_key: 1 }, [kind])).toMatchObject({
      complaints: [{ path: [kind, 'no_such_key'], about: 'key' }],
    });
  });

  test('no mapping in it allows arbitrary keys unless it says so', () => {
    const { definitions } = jsonSchema(factories) as { definitions: Record<string, unknown> };
    expect(open(definitions[`${kind}.${type}`], type)).toEqual([]);
  });
});

test('no name is taken twice', () => {
  for (const kind of KINDS) {
    const names = factories[kind].flatMap(({ type, aliases = [] }) => [type, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  }
});

function open(json: unknown, path: string): string[] {
  if (typeof json !== 'object' || json === null) return [];
  const { type, additionalProperties } = json as { type?: unknown; additionalProperties?: unknown };
  const here = type === 'object' && additionalProperties === undefined ? [path] : [];
  return [...here, ...Object.entries(json).flatMap(([key, value]) => open(value, `${path}/${key}`))];
}
