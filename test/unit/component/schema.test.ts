import { describe, expect, test } from 'vitest';
import { duration, endpointMistake, listenEndpoint, parseDuration, parseEndpoint } from '../../../src/component/schema.ts';

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['300ms', 300],
    ['2us', 0.002],
    ['2µs', 0.002],
    ['5ns', 5e-6],
    ['', undefined],
    ['10', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1d', undefined],
    ['00', undefined],
  ])('%s is %s ms', (text, expected) => {
    if (expected === undefined) expect(parseDuration(text)).toBeUndefined();
    else expect(parseDuration(text)).toBeCloseTo(expected, 9);
  });
});

describe('duration', () => {
  const schema = duration({ least: '1s', most: '1m', fallback: '10s' });
  const message = (value: unknown) => schema.safeParse(value).error?.issues.map((issue) => issue.message);

  test('gives milliseconds, of the default too', () => {
    expect(schema.parse('5s')).toBe(5_000);
    expect(schema.parse(undefined)).toBe(10_000);
    expect(schema.parse('1s')).toBe(1_000);
    expect(schema.parse('1m')).toBe(60_000);
  });

  test('says what is wrong', () => {
    expect(message('999ms')).toEqual(['must be at least 1s, got "999ms"']);
    expect(message('61s')).toEqual(['must be at most 1m, got "61s"']);
    expect(message(0)).toEqual(['must be at least 1s, got "0"']);
    expect(message(10)).toEqual(['must be a duration such as "10s" or "1m30s", got 10']);
    expect(message(null)).toEqual(['must be a duration such as "10s" or "1m30s", got nothing']);
    expect(message('soon')).toEqual(['must be a duration such as "10s" or "1m30s", got "soon"']);
  });
});

describe('parseEndpoint', () => {
  test.each([
    ['localhost:9464', { host: 'localhost', port: 9464 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    [':9464', { host: '', port: 9464 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
    ['[fe80::1%eth0]:9464', { host: 'fe80::1%eth0', port: 9464 }],
    ['[10.1.2.3]:9464', { host: '10.1.2.3', port: 9464 }],
    ['[localhost]:9464', { host: 'localhost', port: 9464 }],
    ['[]:9464', { host: '', port: 9464 }],
    ['a-b.c_d.example.:1', { host: 'a-b.c_d.example.', port: 1 }],
    ['::1:9464', undefined],
    ['999.999.1.1:1', undefined],
    ['[999.999.1.1]:1', undefined],
    ['1.2.3:1', undefined],
    ['10.0.0.256:1', undefined],
    ['0x7f.1:1', undefined],
    ['[fd00::1::2]:1', undefined],
    ['-a:1', undefined],
    ['a..b:1', undefined],
    ['a@b:1', undefined],
    ['localhost', undefined],
    ['localhost:', undefined],
    ['localhost:65536', undefined],
    ['http://localhost:1', undefined],
    ['local host:1', undefined],
  ])('%s', (text, expected) => expect(parseEndpoint(text)).toEqual(expected));
});

test('listenEndpoint gives host and port, of the default too, and says what is wrong', () => {
  const schema = listenEndpoint('localhost:9464');
  expect(schema.parse(undefined)).toEqual({ host: 'localhost', port: 9464 });
  expect(schema.safeParse('x').error?.issues[0]?.message).toBe('must be host:port such as "localhost:9464", got "x"');
});

test('an address without brackets gets a hint', () => {
  expect(endpointMistake('fd00::1:9464', 'localhost:9464')).toBe(
    'must be host:port such as "localhost:9464", got "fd00::1:9464": put an IPv6 address in brackets, "[fd00::1]:9464"',
  );
});

test('no duration exceeds the limit of a timer, which would fire at once', () => {
  const schema = duration({ fallback: '1s' });
  expect(schema.safeParse('597h').error?.issues[0]?.message).toBe('must be at most 596h, got "597h"');
  expect(schema.safeParse('99999999999999999999h').success).toBe(false);
  expect(schema.parse('596h')).toBeLessThan(2 ** 31);
});
