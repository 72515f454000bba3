import { expect, test } from 'vitest';
import { Keepsakes, ownerOf } from '../../../src/service/keepsakes.ts';

test('gives back what was kept, to the component that kept it', () => {
  const keepsakes = new Keepsakes();
  const kept = keepsakes.of('exporters', 'debug')('sums', () => ['first']);
  expect(keepsakes.of('exporters', 'debug')('sums', () => ['second'])).toBe(kept);
  expect(keepsakes.of('exporters', 'debug')('other', () => ['second'])).toEqual(['second']);
  expect(keepsakes.of('exporters', 'debug/2')('sums', () => ['second'])).toEqual(['second']);
  expect(keepsakes.of('receivers', 'debug')('sums', () => ['second'])).toEqual(['second']);
});

test('undefined is kept too', () => {
  const keep = new Keepsakes().of('exporters', 'debug');
  keep<string | undefined>('nothing', () => undefined);
  expect(keep<string | undefined>('nothing', () => 'made again')).toBeUndefined();
});

test('frees what components keep that are no longer there', () => {
  const keepsakes = new Keepsakes();
  const kept = keepsakes.of('exporters', 'debug')('sums', () => ['first']);
  keepsakes.of('exporters', 'debug/2')('sums', () => ['first']);
  keepsakes.retain(new Set([ownerOf('exporters', 'debug'), ownerOf('receivers', 'debug/2')]));
  expect(keepsakes.of('exporters', 'debug')('sums', () => ['second'])).toBe(kept);
  expect(keepsakes.of('exporters', 'debug/2')('sums', () => ['second'])).toEqual(['second']);
});
