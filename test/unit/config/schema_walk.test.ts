import { expect, test } from 'vitest';
import { z } from 'zod';
import { keysAt } from '../../../src/config/schema_walk.ts';

const inner = z.strictObject({ host: z.string(), port: z.int() });

test.each([
  ['a mapping', inner],
  ['one that may be left out', inner.optional()],
  ['one with a default', inner.prefault({ host: 'a', port: 1 })],
  ['one that is transformed', inner.transform(({ host }) => host)],
  ['one that is made before it is checked', z.preprocess((value) => value ?? {}, inner)],
  ['one of several', z.union([z.string(), inner])],
  ['one that is told later', z.lazy(() => inner)],
])('the keys of %s', (_, schema) => {
  expect(keysAt(schema, [])).toEqual(['host', 'port']);
  expect(keysAt(z.strictObject({ at: schema }), ['at'])).toEqual(['host', 'port']);
  expect(keysAt(z.array(schema), [3])).toEqual(['host', 'port']);
  expect(keysAt(z.record(z.string(), schema), ['any'])).toEqual(['host', 'port']);
  expect(keysAt(z.tuple([z.string(), schema]), [1])).toEqual(['host', 'port']);
});

test('where there is no mapping there are no keys', () => {
  expect(keysAt(inner, ['host'])).toEqual([]);
  expect(keysAt(inner, ['constructor'])).toEqual([]);
  expect(keysAt(z.tuple([z.string()]), [7])).toEqual([]);
});
