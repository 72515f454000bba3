import { expect, test } from 'vitest';
import { nearest, suggest } from '../../../src/config/nearest.ts';

const KEYS = ['collection_interval', 'attributes', 'pin', 'pin_path'];

test.each([
  ['collection_intervall', 'collection_interval'],
  ['collectionInterval', 'collection_interval'],
  ['collection-interval', 'collection_interval'],
  ['attribuets', 'attributes'],
  ['pni', 'pin'],
  ['pinpath', 'pin_path'],
  ['p_i_n', 'pin'],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
])('%s is near %s', (word, expected) => expect(nearest(word, KEYS)).toBe(expected));

test('if no word is near, all are listed, sorted', () => {
  expect(suggest('colour', KEYS)).toBe('; known: attributes, collection_interval, pin, pin_path');
  expect(suggest('atributes', KEYS)).toBe('; did you mean "attributes"?');
  expect(suggest('colour', [])).toBe('');
});
