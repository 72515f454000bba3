import type { z } from 'zod';
import { suggest } from './nearest.ts';
import { keysAt } from './schema_walk.ts';
import type { Path } from './tree.ts';
import { anyOf, expected, inWords, NO_ALTERNATIVE } from './words.ts';

const UNKNOWN_KEY = 'is not a known key';

/** One complaint about a value or an unknown key, with its path from the root of the file. */
export interface Complaint {
  readonly path: Path;
  readonly message: string;
  readonly about: 'key' | 'value';
}

export type Checked<T> = { readonly data: T } | { readonly complaints: readonly Complaint[] };

/** What to do about unknown keys, by path below the parsed value, joined by `::` and without list indices. */
export type Hints = Readonly<Record<string, string>>;

/** Parses the value at `base` with `schema`. If it doesn't fit, returns all complaints, one per unknown key. */
export function check<T>(schema: z.ZodType<T>, value: unknown, base: Path, hints: Hints = {}): Checked<T> {
  const result = schema.safeParse(value, { error: inWords });
  if (result.success) return { data: result.data };
  const found = result.error.issues.flatMap((issue) => complaints(schema, issue, []));
  return { complaints: firstAtEachPath(found).map((each) => absolute(each, base, hints)) };
}

/** Keeps the first complaint of each path: "must be a list" makes "too long" redundant. */
function firstAtEachPath(complaints: readonly Complaint[]): Complaint[] {
  const byPath = new Map<string, Complaint>();
  for (const each of complaints) if (!byPath.has(each.path.join('::'))) byPath.set(each.path.join('::'), each);
  return [...byPath.values()];
}

function absolute({ path, message, about }: Complaint, base: Path, hints: Hints): Complaint {
  const key = path.filter((step) => typeof step === 'string').join('::');
  const hint = about === 'key' && message.startsWith(UNKNOWN_KEY) && Object.hasOwn(hints, key) ? hints[key] : undefined;
  return { path: [...base, ...path], message: hint === undefined ? message : `${UNKNOWN_KEY}: ${hint}`, about };
}

function complaints(schema: z.ZodType, issue: z.core.$ZodIssue, above: Path): Complaint[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => {
      return { path: [...path, key], message: `${UNKNOWN_KEY}${suggest(key, known)}`, about: 'key' };
    });
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((each) => each.message).join(', ');
    return [{ path, message: `the key ${message}`, about: 'key' }];
  }
  if (issue.code !== 'invalid_union' || issue.message !== NO_ALTERNATIVE)
    return [{ path, message: issue.message, about: 'value' }];
  return union(schema, issue, path);
}

/** Returns the complaints of the alternative nearest to the value. If none is near, lists what all alternatives accept. */
function union(schema: z.ZodType, issue: z.core.$ZodIssueInvalidUnion, path: Path): Complaint[] {
  if (issue.discriminator !== undefined) {
    const options = ('options' in issue ? issue.options : undefined) ?? [];
    return [{ path, message: `must be one of ${options.map((each) => JSON.stringify(each)).join(', ')}`, about: 'value' }];
  }
  const nearer = issue.errors.filter((issues) => issues.every((each) => each.path.length > 0 || expected(each) === undefined));
  const best = nearer.toSorted((one, other) => one.length - other.length)[0];
  if (best !== undefined) return best.flatMap((each) => complaints(schema, each, path));
  const first = issue.errors[0]?.[0]?.message ?? NO_ALTERNATIVE;
  const kinds = issue.errors.flat().flatMap((each) => (each.path.length === 0 ? (expected(each) ?? []) : []));
  const got = /, got .*?(?=: put it|; did|$)/s.exec(first)?.[0] ?? '';
  return [{ path, message: first === 'is required' ? first : `must be ${anyOf(kinds)}${got}`, about: 'value' }];
}
