import { z } from 'zod';
import { REDACTED, secrets } from '../component/secret.ts';
import type { Config } from './config.ts';
import { KINDS } from './kinds.ts';
import { withoutCredentials } from './redact.ts';
import { pipeInput } from './schema_walk.ts';
import { serviceSchema } from './service_schema.ts';

/** The configuration with all defaults filled in and secrets hidden, as `print-config` shows it. */
export function filledConfig(config: Config): Record<string, unknown> {
  const sections = KINDS.map((kind) => {
    const components = [...config[kind]].map(([id, { factory }]) => {
      const given = (config.given[kind] as Record<string, unknown>)[id];
      return [id, filled(factory.schema, given ?? {})];
    });
    return [kind, Object.fromEntries(components)];
  });
  const service = filled(serviceSchema, config.given.service) as { pipelines: Record<string, { processors: readonly string[] }> };
  // Without those that are ignored, which have no section either.
  for (const [id, { processors }] of config.service.pipelines) (service.pipelines[id] ?? { processors }).processors = processors;
  return { ...Object.fromEntries(sections), service };
}

/** `given` with the schema's defaults, as it would be written in the file, with secrets hidden. Undefined if there is no value. */
export function filled(schema: z.core.$ZodType, given: unknown): unknown {
  const secret = secrets.get(schema as z.ZodType) !== undefined;
  if (secret && given !== undefined && given !== null) return REDACTED;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'default':
    case 'prefault':
      return filled(def.innerType, given === undefined ? def.defaultValue : given);
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
    case 'success':
      return filled(def.innerType, given);
    case 'pipe':
      return filled(pipeInput(def), given);
    case 'lazy':
      return filled(def.getter(), given);
    case 'union':
      return filledUnion(def.options, given);
    case 'object':
      return isMapping(given) ? filledObject(def.shape, given) : given;
    case 'record':
      return isMapping(given) ? mapValues(given, (value) => filled(def.valueType, value)) : given;
    case 'array':
      return Array.isArray(given) ? given.map((item) => filled(def.element, item)) : given;
    default:
      return hideCredentials(given);
  }
}

function filledUnion(options: readonly z.core.$ZodType[], given: unknown): unknown {
  const fits = options.filter((option) => z.safeParse(option, given).success);
  // If any alternative is a secret, hide the value.
  const hidden = fits.map((option) => filled(option, given));
  return hidden.find((value) => value === REDACTED) ?? hidden[0] ?? hideCredentials(given);
}

function filledObject(shape: Readonly<Record<string, z.core.$ZodType>>, given: Record<string, unknown>): unknown {
  const known = Object.entries(shape).map(([key, schema]) => [key, filled(schema, given[key])] as const);
  const others = Object.entries(given).filter(([key]) => !Object.hasOwn(shape, key));
  return Object.fromEntries([...known.filter(([, value]) => value !== undefined), ...others]);
}

function hideCredentials(value: unknown): unknown {
  return typeof value === 'string' ? withoutCredentials(value) : value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues(given: Record<string, unknown>, make: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, make(value)]));
}
