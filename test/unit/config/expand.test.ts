import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Expander } from '../../../src/config/expand.ts';
import { plain } from '../../../src/config/tree.ts';
import { files, load, mistakes, VALID } from './scratch.ts';

const ENV = {
  PORT: '4317',
  HOST: 'far',
  EMPTY: '',
  ZEROS: '0017',
  LIST: '[a, b]',
  ODD: '[a',
  DOLLAR: '${env:PORT}$$',
  YES: 'true',
};

function expand(value: string) {
  const expander = new Expander(ENV, []);
  return plain(expander.expand({ kind: 'scalar', value, source: 'here' }));
}

describe('expansion', () => {
  test.each([
    ['${env:PORT}', 4317],
    ['${PORT}', 4317],
    ['${env:YES}', true],
    ['${env:LIST}', ['a', 'b']],
    ['${env:ODD}', '[a'],
    ['${env:EMPTY}', null],
    ['${env:EMPTY:-x}', null],
    ['${env:NONE:-x}', 'x'],
    ['${env:NONE:-}', null],
    ['${NONE:-5}', 5],
    ['${env:NONE:-${env:PORT}}', 4317],
    ['${env:NONE:-{a: 1}}', { a: 1 }],
    ['${env:HOST}:${env:PORT}', 'far:4317'],
    ['x${env:PORT}', 'x4317'],
    ['$$', '$'],
    ['$${env:PORT}', '${env:PORT}'],
    ['$$${env:PORT}', '$4317'],
    ['^a$', '^a$'],
    ['$PORT', '$PORT'],
    ['${env:DOLLAR}', '${env:PORT}$$'],
  ])('%s', (value, expected) => expect(expand(value)).toEqual(expected));

  test('a file, without the newline at its end', () => {
    const [path = ''] = files('');
    writeFileSync(path, 'hunter2\n');
    expect(expand(`\${file:${path}}`)).toBe('hunter2');
    expect(expand(`x\${file:${path}}y`)).toBe('xhunter2y');
  });
});

describe('types', () => {
  const otlp = (token: string) =>
    VALID.replace('  debug:', `  otlp: {endpoint: "a:1", token: "${token}"}\n  debug:`).replace('debug]', 'debug, otlp]');
  const token = (text: string, env: Record<string, string>) => load([text], { env }).exporters.get('otlp')?.config;

  test('where text is wanted, what was in the variable is kept as it is', () => {
    for (const value of ['0017', '1e33', 'true', '{a: b}', '# no comment', 'null']) {
      expect(token(otlp('${env:TOKEN}'), { TOKEN: value })).toMatchObject({ token: value });
    }
  });

  test('text that does not fit is complained of as text', () => {
    expect(mistakes(() => token(otlp('${env:TOKEN}'), { TOKEN: '17' }))).toEqual([
      'exporters::otlp::token: must have at least 4 characters, got [REDACTED] (0.yaml:9:34)',
    ]);
  });

  test('an expansion in text is text', () => {
    expect(token(otlp('00${env:TOKEN}'), { TOKEN: '17' })).toMatchObject({ token: '0017' });
  });

  test('several at once, of which one is wrong', () => {
    const text = otlp('${env:TOKEN}').replace('"a:1"', '"${env:TOKEN}", retry: {times: "${env:TOKEN}"}');
    expect(mistakes(() => token(text, { TOKEN: '0017' }))).toEqual([
      'exporters::otlp::retry::times: must be at most 10, got 17 (0.yaml:9:51)',
    ]);
  });

  test('what an unset variable would have been is not complained of again', () => {
    expect(mistakes(() => token(otlp('${env:TOKEN}'), {}))).toHaveLength(1);
  });
});
