import { z } from 'zod';
import type { Factories } from '../component/factory.ts';
import { KINDS, type Kind } from './kinds.ts';
import { serviceSchema } from './service_schema.ts';

type Json = z.core.JSONSchema.BaseSchema;

const EXPANSION = { $ref: '#/definitions/expansion' };

const SECTIONS: Readonly<Record<Kind, string>> = {
  receivers: 'Sources of drop counts, by id: type or type/name.',
  processors: 'Steps that change or filter rows, by id: type or type/name.',
  exporters: 'Destinations of the counters, by id: type or type/name.',
  extensions: 'Components outside the pipelines, by id: type or type/name.',
};

/**
 * The JSON schema (draft 7, which editors' YAML plugins use) of the whole file, generated from the schemas that validate it. Numbers,
 * switches and choices may also be an expansion such as `${env:PORT}`. The same factories always give the same text.
 */
export function jsonSchema(factories: Factories): Json {
  const definitions: Record<string, Json> = {
    expansion: {
      type: 'string',
      pattern: '\\$\\{.+\\}',
      description: 'Replaced when the file is read, such as ${env:NAME:-default}.',
    },
  };
  const properties: Record<string, Json> = {};
  for (const kind of KINDS) {
    const patterns: [string, Json][] = [];
    for (const { type, aliases = [], description, schema } of factories[kind]) {
      const name = `${kind}.${type}`;
      definitions[name] = { description, ...written(schema) };
      // A key without a value means the defaults.
      const value: Json = { description, anyOf: [{ $ref: `#/definitions/${name}` }, { type: 'null' }] };
      for (const each of [type, ...aliases]) patterns.push([`^${each}(/.+)?$`, value]);
    }
    properties[kind] = section(SECTIONS[kind], Object.fromEntries(patterns));
  }
  properties.service = { description: 'Which components run, and how they are connected.', ...service() };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'dropreason',
    description: 'Configuration of dropreason: receivers, processors, exporters and extensions, connected by pipelines.',
    type: 'object',
    properties,
    required: ['receivers', 'exporters', 'service'],
    additionalProperties: false,
    definitions,
  };
}

function section(description: string, patternProperties: Record<string, Json>): Json {
  return { description, type: ['object', 'null'], patternProperties, additionalProperties: false } as unknown as Json;
}

/** The service section. Only valid pipeline ids are allowed as keys. */
function service(): Json {
  const schema = written(serviceSchema);
  const pipelines = schema.properties?.pipelines as Json | undefined;
  if (pipelines === undefined) return schema;
  const { additionalProperties, propertyNames: _, ...rest } = pipelines;
  const patternProperties = { '^metrics(/.+)?$': additionalProperties as Json };
  const strict = { ...rest, patternProperties, additionalProperties: false, minProperties: 1 };
  return { ...schema, properties: { ...schema.properties, pipelines: strict } };
}

/** A schema as written in the file, before transforms. Rules that JSON schema can't express are left out. */
function written(schema: z.core.$ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-07', unrepresentable: 'any' });
  return withExpansions(json as Json);
}

function withExpansions(json: Json): Json {
  const nested = { ...json };
  for (const key of ['properties', 'patternProperties'] as const) {
    const inner = json[key];
    if (inner !== undefined) nested[key] = Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, below(each)]));
  }
  for (const key of ['items', 'additionalProperties'] as const) {
    const inner = json[key];
    if (typeof inner === 'object' && !Array.isArray(inner)) nested[key] = below(inner);
  }
  const choices = json.anyOf;
  if (choices !== undefined) {
    nested.anyOf = choices.map((each) => (isNarrow(each) ? each : (below(each) as Json)));
    if (choices.some(isNarrow)) nested.anyOf.push(EXPANSION);
    return nested;
  }
  if (!isNarrow(json)) return nested;
  const { description, default: fallback, ...narrow } = nested;
  const annotations = {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
  return { ...annotations, anyOf: [narrow, EXPANSION] };
}

function below(json: Json | boolean): Json {
  return typeof json === 'object' ? withExpansions(json) : (json as unknown as Json);
}

/** Whether the schema rejects the text of an expansion. */
function isNarrow(json: Json): boolean {
  const narrowText = json.type === 'string' && (json.pattern ?? json.format ?? json.enum ?? json.const) !== undefined;
  return json.type === 'number' || json.type === 'integer' || json.type === 'boolean' || narrowText || json.enum !== undefined;
}
