import fc from 'fast-check';

/** Replacements for a value: of every kind and size, and with a special meaning in YAML, JavaScript or expansions. */
const VALUES = [
  '',
  'null',
  '~',
  'true',
  '0',
  '-1',
  '1e999',
  '.nan',
  '0x1F',
  '012345678912',
  '99999999999999999999',
  '597h',
  '1ns',
  '"\\u0000\\e[31m"',
  '[]',
  '{}',
  '[a, [b, {c: d}]]',
  '{a: {b: [c]}}',
  `${'['.repeat(70)}${']'.repeat(70)}`,
  '{a: '.repeat(2_000),
  '__proto__',
  '{__proto__: {a: 1}, constructor: 1}',
  '*itself',
  '&itself [*itself]',
  '&a {b: 1}',
  '*a',
  '{<<: *a}',
  '!!int x',
  '!!binary aGk=',
  '|\n      text\n',
  '"${env:A}"',
  '${env:B}',
  'x${env:CYCLE}y',
  '${env:CYCLE}',
  '${env:NONE}',
  '${env:NONE:-${env:CYCLE}}',
  '${file:/no/such/file}',
  '${file:/dev/zero}',
  `${'${A:-'.repeat(40)}${'}'.repeat(40)}`,
  '${',
  '$$',
  '999.999.1.1:9464',
  '"[::]:9465"',
  'localhost:0',
  '(([A-Z_]+)+)+x',
  `"${'(a|b)*'.repeat(500)}"`,
  'x'.repeat(5_000),
] as const;

const WORDS = [
  'receivers',
  'mode: advanced',
  'mode: basic',
  'capabilities: drop',
  'pin: true',
  '<<: *a',
  'a b',
  '\0',
  '\x1b[2J',
  '\uFEFF',
  '\t',
];

export const ENVIRONMENT = { A: '[1', B: '{a: &x [*x]}', CYCLE: '${env:CYCLE}', K8S_NODE_NAME: 'node-1' };

type Mutation = (lines: string[], at: number) => string[];

const shifted = (line: string, by: number) => (by > 0 ? ' '.repeat(by) + line : line.slice(-by));

/** One change to a line of a file. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>((lines, at) => lines.toSpliced(at, 1)),
  fc.constant<Mutation>((lines, at) => lines.toSpliced(at, 0, lines[at] ?? '')),
  fc.nat(4).map<Mutation>((count) => (lines, at) => lines.toSpliced(at, count)),
  fc
    .constantFrom(...VALUES)
    .map<Mutation>(
      (value) => (lines, at) =>
        lines.with(at, (lines[at] ?? '').replace(/(:|^\s*-)(?: .*|$)/, `$1 ${value.replaceAll('$', '$$$$')}`)),
    ),
  fc
    .constantFrom(...VALUES)
    .map<Mutation>(
      (value) => (lines, at) => lines.with(at, (lines[at] ?? '').replace(/[\w.-]+(?=[,\]}])/, value.replaceAll('$', '$$$$'))),
    ),
  fc
    .constantFrom('&a ', '*a ', '!!map ')
    .map<Mutation>((anchor) => (lines, at) => lines.with(at, (lines[at] ?? '').replace(/: ?/, `: ${anchor}`))),
  fc.constantFrom(-2, -1, 1, 2).map<Mutation>((by) => (lines, at) => lines.with(at, shifted(lines[at] ?? '', by))),
  fc
    .constantFrom(...WORDS)
    .map<Mutation>((word) => (lines, at) => lines.toSpliced(at, 0, `${/^\s*/.exec(lines[at] ?? '')?.[0]}${word}`)),
  fc.tuple(fc.nat(60), fc.string({ maxLength: 4 })).map<Mutation>(([column, text]) => (lines, at) => {
    const line = lines[at] ?? '';
    return lines.with(at, line.slice(0, column) + text + line.slice(column));
  }),
);

/** One of `texts` with up to four changes, without comments. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const bare = texts.map((text) => text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line)));
  return fc
    .tuple(fc.constantFrom(...bare), fc.array(fc.tuple(fc.nat(1_000), mutation), { minLength: 1, maxLength: 4 }))
    .map(([lines, changes]) =>
      changes.reduce((now, [at, change]) => (now.length === 0 ? now : change(now, at % now.length)), lines).join('\n'),
    );
}
