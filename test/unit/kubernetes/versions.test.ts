import { describe, expect, test } from 'vitest';
import { compareVersions, KnownObjects } from '../../../src/kubernetes/versions.ts';

test('versions are compared as numbers of any width, and only where they are numbers', () => {
  expect(compareVersions('9', '10')).toBeLessThan(0);
  expect(compareVersions('18446744073709551615', '18446744073709551614')).toBeGreaterThan(0);
  expect(compareVersions('7', '7')).toBe(0);
  expect(compareVersions('7a', '8')).toBeUndefined();
  expect(compareVersions('', '8')).toBeUndefined();
});

describe('a change is reported', () => {
  function listed(): KnownObjects {
    const known = new KnownObjects();
    known.reset('100', [['a', '90']]);
    return known;
  }

  test('not if the list has had it', () => {
    const known = listed();
    expect(known.set('a', '90')).toBe(false);
    expect(known.set('deleted before the list', '80')).toBe(false);
    expect(known.set('a', '101')).toBe(true);
    expect(known.set('b', '102')).toBe(true);
  });

  test('not if it is an older version, or comes after the object was deleted', () => {
    const known = listed();
    expect(known.set('a', '103')).toBe(true);
    expect(known.set('a', '102')).toBe(false);
    expect(known.delete('a', '104')).toBe(true);
    expect(known.set('a', '103')).toBe(false);
    expect(known.delete('a', '104')).toBe(false);
  });

  test('if an object is deleted before its change arrives', () => {
    const known = listed();
    expect(known.delete('b', '105')).toBe(false);
    expect(known.set('b', '104')).toBe(false);
    expect(known.size).toBe(1);
  });

  test('not if a deletion is older than the known version', () => {
    const known = listed();
    expect(known.set('a', '106')).toBe(true);
    expect(known.delete('a', '105')).toBe(false);
    expect(known.size).toBe(1);
  });

  test('if an object matches the selector again', () => {
    const known = listed();
    expect(known.delete('a', '101')).toBe(true);
    expect(known.set('a', '102')).toBe(true);
  });

  test('in order of arrival, if versions are not numbers', () => {
    const known = listed();
    expect(known.set('a', 'x2')).toBe(true);
    expect(known.set('a', 'x1')).toBe(true);
    expect(known.delete('a', 'x0')).toBe(true);
  });

  test('and 100,000 deletions use bounded memory', () => {
    const known = listed();
    for (let n = 0; n < 100_000; n += 1) {
      known.set(`pod-${n}`, `${1000 + 2 * n}`);
      known.delete(`pod-${n}`, `${1001 + 2 * n}`);
    }
    expect(known.size).toBe(1);
    // The latest are remembered.
    expect(known.set('pod-99999', '1000')).toBe(false);
  });
});
