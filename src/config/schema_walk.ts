import type { z } from 'zod';

type Schema = z.core.$ZodType;

/** The schemas that a value may match, without wrappers such as `.optional()`, `.default()` and transforms. */
export function alternatives(schema: Schema): z.core.$ZodTypes[] {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'success':
      return alternatives(def.innerType);
    case 'pipe':
      return alternatives(pipeInput(def));
    case 'lazy':
      return alternatives(def.getter());
    case 'union':
      return def.options.flatMap(alternatives);
    case 'intersection':
      return [...alternatives(def.left), ...alternatives(def.right)];
    default:
      return [known];
  }
}

/** The side of a pipe that describes the file. With z.preprocess the transform comes first. */
export function pipeInput(def: z.core.$ZodPipeDef): Schema {
  return (def.in as z.core.$ZodTypes)._zod.def.type === 'transform' ? def.out : def.in;
}

/** The allowed keys of a mapping at `path` under `schema`. */
export function keysAt(schema: Schema, path: readonly (string | number)[]): string[] {
  let schemas = alternatives(schema);
  for (const step of path) schemas = schemas.flatMap((each) => below(each, step).flatMap(alternatives));
  return schemas.flatMap(({ _zod: { def } }) => (def.type === 'object' ? Object.keys(def.shape) : []));
}

function below({ _zod: { def } }: z.core.$ZodTypes, step: string | number): Schema[] {
  switch (def.type) {
    case 'object': {
      const schema = Object.hasOwn(def.shape, step) ? def.shape[step] : def.catchall;
      return schema === undefined ? [] : [schema];
    }
    case 'array':
      return [def.element];
    case 'record':
      return [def.valueType];
    case 'tuple':
      return [def.items[Number(step)] ?? def.rest].filter((schema) => schema != null);
    default:
      return [];
  }
}
