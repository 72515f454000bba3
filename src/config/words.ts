import type { z } from 'zod';
import { REDACTED, secrets } from '../component/secret.ts';
import { suggest } from './nearest.ts';
import { briefly } from './redact.ts';
import { alternatives } from './schema_walk.ts';

/** The message of a union, if the complaints of its members are better. A schema's own message replaces it. */
export const NO_ALTERNATIVE = 'fits none of its alternatives';

/** The start of the complaint about a value that should be text. */
export const NOT_TEXT = 'must be text';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'empty',
};

/** The mistake in a value, in terms of the YAML file. A schema's own message takes precedence. */
export function inWords(issue: z.core.$ZodRawIssue): string {
  if (issue.code !== 'custom' && issue.code !== 'unrecognized_keys' && issue.input === undefined) return 'is required';
  const got = `, got ${shown(issue)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}${got}${quoteHint(issue.expected, issue.input)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}${got}${nearValue(issue.values, issue.input)}`;
    case 'too_small': {
      const least = Number(issue.minimum);
      if (issue.origin === 'string') return least === 1 ? 'must not be empty' : `must have at least ${least} characters${got}`;
      if (isCounted(issue.origin)) return least === 1 ? 'must not be empty' : `must have at least ${least} entries`;
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${least}${got}`;
    }
    case 'too_big': {
      const most = Number(issue.maximum);
      if (issue.origin === 'string') return `must have at most ${most} characters${got}`;
      if (isCounted(issue.origin)) return `must have at most ${most} ${most === 1 ? 'entry' : 'entries'}`;
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${most}${got}`;
    }
    case 'invalid_format':
      if (issue.format === 'regex') return `must match ${issue.pattern}${got}`;
      return `must be ${issue.format === 'url' ? 'a URL' : `valid ${issue.format}`}${got}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}${got}`;
    case 'invalid_union':
      return NO_ALTERNATIVE;
    default:
      return 'is not valid here';
  }
}

/** Joins accepted kinds and values, as in `text, a number or "none"`. */
export function anyOf(expectations: readonly string[]): string {
  const distinct = [...new Set(expectations)];
  const last = distinct.pop() ?? '';
  return distinct.length === 0 ? last : `${distinct.join(', ')} or ${last}`;
}

/** The accepted kind or values, for an issue about the kind of a value. */
export function expected(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? oneOf(issue.values).replace('one of ', '') : undefined;
}

/** The given value, shortened and without secrets. */
function showValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(briefly(value)) : String(value);
}

function shown(issue: z.core.$ZodRawIssue): string {
  const owner = issue.schema ?? (issue.inst as z.core.$ZodType | undefined);
  return owner !== undefined && mayHoldSecret(owner) ? REDACTED : showValue(issue.input);
}

/** Whether a value is secret or consists of secrets, such as headers. A value of the wrong kind may still be a header. */
function isSecret(schema: z.core.$ZodType): boolean {
  if (secrets.get(schema as never) !== undefined) return true;
  return alternatives(schema).some((each) => {
    if (secrets.get(each as never) !== undefined) return true;
    const { def } = each._zod;
    return def.type === 'record' ? isSecret(def.valueType) : def.type === 'array' && isSecret(def.element);
  });
}

/** The same of a mapping that has secrets: what stands in its place may be one of them. */
function mayHoldSecret(schema: z.core.$ZodType): boolean {
  if (isSecret(schema)) return true;
  return alternatives(schema).some(({ _zod: { def } }) => def.type === 'object' && Object.values(def.shape).some(isSecret));
}

function oneOf(values: readonly unknown[]): string {
  const each = values.map(showValue);
  return each.length === 1 ? `${each[0]}` : `one of ${each.join(', ')}`;
}

function nearValue(values: readonly unknown[], input: unknown): string {
  if (typeof input !== 'string') return '';
  const near = suggest(
    input,
    values.filter((value) => typeof value === 'string'),
  );
  return near.startsWith('; did') ? near : '';
}

function quoteHint(wanted: string, input: unknown): string {
  return wanted === 'string' && (typeof input === 'number' || typeof input === 'boolean') ? ': put it in quotes' : '';
}

function isCounted(origin: string): boolean {
  return origin === 'array' || origin === 'set' || origin === 'map' || origin === 'object';
}
