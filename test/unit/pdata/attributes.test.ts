import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AttributeSet, type AttributeValue } from '../../../src/pdata/attributes.ts';

const value: fc.Arbitrary<AttributeValue> = fc.oneof(fc.string(), fc.integer());
const attributes = fc.dictionary(fc.string(), value, { maxKeys: 6 });

describe('AttributeSet', () => {
  test('has one key whatever the order', () => {
    const one = new AttributeSet({ reason: 'NO_SOCKET', cpu: 1 });
    const other = new AttributeSet({ cpu: 1, reason: 'NO_SOCKET' });
    expect(one.key).toBe(other.key);
  });

  test('tells a number from the text of it', () => {
    expect(new AttributeSet({ cpu: 1 }).key).not.toBe(new AttributeSet({ cpu: '1' }).key);
  });

  test('keys are equal where the attributes are, and only there', () => {
    fc.assert(
      fc.property(attributes, attributes, (a, b) => {
        const same = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
        expect(new AttributeSet(a).key === new AttributeSet(b).key).toBe(same);
        const shuffled = Object.fromEntries(Object.entries(a).reverse());
        expect(new AttributeSet(shuffled).key).toBe(new AttributeSet(a).key);
      }),
    );
  });

  test('holds what it was given, for good', () => {
    const given = { reason: 'NO_SOCKET', cpu: 1 };
    const set = new AttributeSet(given);
    given.reason = 'OTHER';
    expect(set.get('reason')).toBe('NO_SOCKET');
    expect(set.get('class')).toBeUndefined();
    expect(() => Object.assign(set.values, { cpu: 2 })).toThrow(TypeError);
  });

  test('without takes one attribute away and leaves the set as it is', () => {
    const set = new AttributeSet({ reason: 'NO_SOCKET', cpu: 1 });
    expect(set.without('cpu').key).toBe(new AttributeSet({ reason: 'NO_SOCKET' }).key);
    expect(set.get('cpu')).toBe(1);
  });

  test('without something it has not is the same set', () => {
    const set = new AttributeSet({ reason: 'NO_SOCKET' });
    expect(set.without('cpu')).toBe(set);
    expect(set.without('toString')).toBe(set);
    expect(set.get('toString')).toBeUndefined();
  });
});
