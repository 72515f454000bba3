import { describe, expect, test } from 'vitest';
import { jsonSchema } from '../../../src/config/json_schema.ts';
import { factories } from './factories.ts';

const schema = JSON.parse(JSON.stringify(jsonSchema(factories)));

/** Every schema object in the document, with its path. */
function* objects(json: unknown, path = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof json !== 'object' || json === null) return;
  if (!Array.isArray(json)) yield [path, json as Record<string, unknown>];
  for (const [key, value] of Object.entries(json)) yield* objects(value, `${path}/${key}`);
}

describe('the JSON schema for editors', () => {
  test('is the same text each time', () => expect(JSON.stringify(jsonSchema(factories))).toBe(JSON.stringify(schema)));

  test('specifies for every mapping which other keys it allows', () => {
    const open = [...objects(schema)].filter(([, each]) => each.type === 'object' && each.additionalProperties === undefined);
    expect(open.map(([path]) => path)).toEqual([]);
  });

  test('every reference leads somewhere', () => {
    const refs = [...objects(schema)].map(([, each]) => each.$ref).filter((ref) => typeof ref === 'string');
    expect(refs.length).toBeGreaterThan(5);
    for (const ref of refs) expect(schema.definitions).toHaveProperty([String(ref).replace('#/definitions/', '')]);
  });

  test('ids are a type or an alias, with or without a name', () => {
    const patterns = Object.keys(schema.properties.exporters.patternProperties);
    expect(patterns).toEqual(['^prometheus(/.+)?$', '^otlp_grpc(/.+)?$', '^otlp(/.+)?$', '^debug(/.+)?$']);
  });

  test('a component may be nothing', () => {
    expect(schema.properties.processors.patternProperties['^percpu_sum(/.+)?$']).toEqual({
      description: 'Sums the rows of all CPUs.',
      anyOf: [{ $ref: '#/definitions/processors.percpu_sum' }, { type: 'null' }],
    });
  });

  test('descriptions and defaults are told, and transforms are as they are written', () => {
    const { collection_interval } = schema.definitions['receivers.dropreason'].properties;
    expect(collection_interval).toMatchObject({ description: 'The most time between two reads.', default: '10s' });
    const pattern = new RegExp(collection_interval.anyOf[0].pattern);
    expect(['10s', '1m30s', '0', 'soon', '10'].filter((text) => pattern.test(text))).toEqual(['10s', '1m30s', '0']);
  });

  test('numbers, switches and choices may be an expansion', () => {
    const expansion = { $ref: '#/definitions/expansion' };
    const { verbosity } = schema.definitions['exporters.debug'].properties;
    expect(verbosity).toEqual({
      default: 'basic',
      anyOf: [{ type: 'string', enum: ['basic', 'normal', 'detailed'] }, expansion],
    });
    expect(schema.definitions['receivers.dropreason'].properties.pin.anyOf).toContainEqual(expansion);
  });

  test('pipelines are metrics', () => {
    const { pipelines } = schema.properties.service.properties;
    expect(Object.keys(pipelines.patternProperties)).toEqual(['^metrics(/.+)?$']);
    expect(pipelines.additionalProperties).toBe(false);
    expect(pipelines.patternProperties['^metrics(/.+)?$'].required).toEqual(['receivers', 'exporters']);
  });
});
