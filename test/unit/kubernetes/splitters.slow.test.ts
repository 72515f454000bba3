import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../src/kubernetes/limits.ts';
import { LineSplitter } from '../../../src/kubernetes/line_splitter.ts';
import { ListSplitter } from '../../../src/kubernetes/list_splitter.ts';

function split(bytes: Buffer, chunk: number, limits = LIMITS): { items: unknown[]; rest: unknown } {
  const items: unknown[] = [];
  const splitter = new ListSplitter(limits, (item) => items.push(item));
  for (let at = 0; at < bytes.length; at += chunk) splitter.write(bytes.subarray(at, at + chunk));
  return { items, rest: splitter.end() };
}

const list =
  (text: string, chunk = 1_000) =>
  () =>
    split(Buffer.from(text), chunk);

describe('a list', () => {
  test('is cut into what JSON.parse finds in it, wherever the chunks end', () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 5 }), { maxLength: 8 });
    const around = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== 'items'),
      fc.jsonValue(),
    );
    const spaces = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(objects, around, around, spaces, fc.integer({ min: 1, max: 40 }), (items, before, after, space, chunk) => {
        const whole = { ...before, items, ...after };
        const found = split(Buffer.from(JSON.stringify(whole, null, space)), chunk);
        const parsed = JSON.parse(JSON.stringify(whole)) as { items: unknown };
        expect(found.items).toEqual(parsed.items);
        expect(found.rest).toEqual({ ...parsed, items: [] });
      }),
      { numRuns: 200 },
    );
  });

  test('may have null in place of no items', () => {
    expect(list('{"items":null,"metadata":{"resourceVersion":"5"}}')()).toEqual({
      items: [],
      rest: { items: null, metadata: { resourceVersion: '5' } },
    });
  });

  test.each([
    ['<html><body>busy</body></html>'],
    [''],
    ['[]}'],
    ['{"items":[1]}'],
    ['{"items":["a"]}'],
    ['{"items":[null]}'],
    ['{"items":[{"a":]]}'],
    ['{"items":[{"a":1}]} {"items":[]}'],
    ['{"items":[[]]}'],
  ])('%j is none', (text) => {
    for (const chunk of [1, 1_000]) expect(list(text, chunk)).toThrow(/the response is not a list of Kubernetes objects/);
  });

  test.each([['{'], ['{"items":[{"a":1},'], ['{"items":[{"a":"\\'], ['{"items":[]']])('%j ends too early', (text) => {
    for (const chunk of [1, 1_000]) expect(list(text, chunk)).toThrow(/the response ends within the list/);
  });

  const small = { ...LIMITS, max_object_bytes: 100, max_page_bytes: 1_000 };

  test('has no object, no metadata and no page beyond the limits', () => {
    const fitting = { a: 'x'.repeat(90) };
    expect(split(Buffer.from(JSON.stringify({ items: [fitting, fitting] })), 7, small).items).toEqual([fitting, fitting]);
    const long = 'x'.repeat(100);
    const tooLong = (text: string) => () => split(Buffer.from(text), 7, small);
    expect(tooLong(`{"items":[{"a":"${long}"}]}`)).toThrow('an object has more than 100 bytes (limits::max_object_bytes)');
    expect(tooLong(`{"metadata":{"a":"${long}"},"items":[]}`)).toThrow(/the metadata of a list .* more than 100 bytes/);
    expect(tooLong(`{"items":[${' '.repeat(1_000)}]}`)).toThrow('a page has more than 1000 bytes (limits::max_page_bytes)');
    expect(tooLong(`{"items":[${'{},'.repeat(1_000)}]}`)).toThrow('a page has more than 1000 bytes (limits::max_page_bytes)');
  });
});

describe('a watch', () => {
  test('is cut into lines, wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 20 }), (events, chunk) => {
        const found: unknown[] = [];
        const splitter = new LineSplitter(LIMITS, (event) => found.push(event));
        const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
        for (let at = 0; at < bytes.length; at += chunk) splitter.write(bytes.subarray(at, at + chunk));
        splitter.end();
        expect(found).toEqual(JSON.parse(JSON.stringify(events)));
      }),
    );
  });

  test('has no line that is no JSON, is too long, or is cut off', () => {
    const splitter = () => new LineSplitter({ ...LIMITS, max_object_bytes: 10 }, () => {});
    expect(() => splitter().write(Buffer.from('<html>\n'))).toThrow('a watch event is not JSON');
    expect(() => splitter().write(Buffer.from('x'.repeat(11)))).toThrow('an event has more than 10 bytes');
    const cut = splitter();
    cut.write(Buffer.from('{}\n{"a":'));
    expect(() => cut.end()).toThrow('the watch ends within an event');
  });
});
