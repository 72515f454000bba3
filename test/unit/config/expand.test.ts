import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ConfigProblem } from '../../../src/component/errors.ts';
import type { Secret } from '../../../src/component/secret.ts';
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

  test('nested expansions have an end', () => {
    const problems: ConfigProblem[] = [];
    const value = '${A:-'.repeat(30_000) + '}'.repeat(30_000);
    new Expander({}, problems).expand({ kind: 'scalar', value, source: 'here' });
    expect(problems).toEqual([{ path: '', message: 'has more than 16 nested expansions', source: 'here' }]);
  });

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
  const token = (text: string, env: Record<string, string>) =>
    (load([text], { env }).exporters.get('otlp')?.config as { token: Secret } | undefined)?.token.reveal();

  test('for keys that expect text, the value of the variable is unchanged', () => {
    for (const value of ['0017', '1e33', 'true', '{a: b}', '# no comment', 'null']) {
      expect(token(otlp('${env:TOKEN}'), { TOKEN: value })).toBe(value);
    }
  });

  test('invalid text is reported as text', () => {
    expect(mistakes(() => token(otlp('${env:TOKEN}'), { TOKEN: '17' }))).toEqual([
      'exporters::otlp::token: must have at least 4 characters, got [REDACTED] (0.yaml:9:34)',
    ]);
  });

  test('if text and numbers are valid, an expansion is text, quoted or not, and a number stays a number', () => {
    const values = ['"${env:ID}"', '${env:ID}', '${file:NAME}', '1.10', '012', '12345678901234567890', '1e3', '7', '"7"'];
    const [file = ''] = files('012345678912\n');
    const lines = values.map((value, index) => `      k${index}: ${value.replace('NAME', file)}\n`);
    const text = VALID.replace('  telemetry:\n', `  telemetry:\n    resource:\n${lines.join('')}`);
    const { resource } = load([text], { env: { ID: '012345678912' } }).service.telemetry;
    const id = '012345678912';
    expect(Object.values(resource)).toEqual([id, id, id, '1.10', '012', '12345678901234567890', '1e3', 7, '7']);
  });

  test('a written number for a key that expects text gets a hint about quotes', () => {
    expect(mistakes(() => token(otlp('x').replace('"x"', '00017'), {}))).toEqual([
      'exporters::otlp::token: must be text, got [REDACTED]: put it in quotes (0.yaml:9:34)',
    ]);
  });

  test('a section, a component or a list may be one expansion', () => {
    const [file = ''] = files('prometheus:\n  endpoint: localhost:1\ndebug: {verbosity: detailed}\n');
    const text = VALID.replace(/exporters:\n[\s\S]*extensions:\n/, `exporters: \${file:${file}}\nextensions:\n`).replace(
      '[percpu_sum]',
      '${env:PROCESSORS}',
    );
    const { exporters, service } = load([text], { env: { PROCESSORS: '[percpu_sum]' } });
    expect(exporters.get('prometheus')?.config).toEqual({ endpoint: { host: 'localhost', port: 1 } });
    expect(service.pipelines.get('metrics')?.processors).toEqual(['percpu_sum']);
  });

  test('an expansion in text is text', () => {
    expect(token(otlp('00${env:TOKEN}'), { TOKEN: '17' })).toBe('0017');
  });

  test('several at once, of which one is wrong', () => {
    const text = otlp('${env:TOKEN}').replace('"a:1"', '"${env:TOKEN}", retry: {times: "${env:TOKEN}"}');
    expect(mistakes(() => token(text, { TOKEN: '0017' }))).toEqual([
      'exporters::otlp::retry::times: must be at most 10, got 17 (0.yaml:9:51)',
    ]);
  });

  test('the value of an unset variable is not reported again', () => {
    expect(mistakes(() => token(otlp('${env:TOKEN}'), {}))).toHaveLength(1);
  });
});
