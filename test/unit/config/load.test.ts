import { describe, expect, test } from 'vitest';
import { factories as real } from '../../../src/components.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { factories } from './factories.ts';
import { files, load, mistakes, VALID } from './scratch.ts';

/** A running agent waits for a file at SIGHUP, and must end within 5 s after a SIGTERM. */
const SIGHUP_MILLIS = 3_000;

describe('a valid file', () => {
  const config = () => load([VALID]);

  test('components come by id, parsed by their factories', () => {
    const { receivers, exporters } = config();
    expect([...receivers.keys()]).toEqual(['dropreason']);
    expect(receivers.get('dropreason')?.config).toMatchObject({ collection_interval: 5_000, pin: false });
    expect(exporters.get('prometheus')).toMatchObject({
      type: 'prometheus',
      config: { endpoint: { host: 'localhost', port: 9464 } },
    });
  });

  test('a component without a value has its defaults', () => {
    expect(config().extensions.get('health_check')?.config).toEqual({ endpoint: { host: 'localhost', port: 13_134 } });
  });

  test('pipelines keep the order of their processors', () => {
    expect(config().service.pipelines.get('metrics')).toEqual({
      receivers: ['dropreason'],
      processors: ['percpu_sum'],
      exporters: ['prometheus', 'debug'],
    });
  });

  test('telemetry has the defaults of the design', () => {
    expect(config().service.telemetry).toMatchObject({
      logs: { level: 'info', output_paths: ['stderr'] },
      metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: 9465 } } } }] },
      resource: {},
    });
  });

  test('nothing is warned of', () => expect(config().warnings).toEqual([]));

  test('an alias is the same factory under the id that was written', () => {
    const text = VALID.replace('  debug:', '  otlp/far: {endpoint: "far:4317"}\n  debug:').replace(
      ', debug]',
      ', debug, otlp/far]',
    );
    expect(load([text]).exporters.get('otlp/far')?.type).toBe('otlp_grpc');
  });

  test('anchors and merge keys work, and what is written beside << wins', () => {
    const text = VALID.replace('  debug: {', '  debug/first: &first {verbosity: basic, sampling: 3}\n  debug: {<<: *first, ');
    expect(load([text]).exporters.get('debug')?.config).toEqual({ verbosity: 'normal', sampling: 3 });
  });
});

describe('several files', () => {
  test('maps merge key by key, lists and scalars are replaced, the last one wins', () => {
    const second =
      'exporters:\n  debug: {verbosity: basic, sampling: 2}\nservice:\n  pipelines: {metrics: {exporters: [debug]}}\n';
    const third = 'exporters:\n  debug: {verbosity: detailed}\n';
    const config = load([VALID, second, third]);
    expect(config.exporters.get('debug')?.config).toEqual({ verbosity: 'detailed', sampling: 2 });
    expect(config.service.pipelines.get('metrics')?.exporters).toEqual(['debug']);
    expect(config.service.pipelines.get('metrics')?.processors).toEqual(['percpu_sum']);
  });

  test('a mistake is reported with its file', () => {
    expect(mistakes(() => load([VALID, 'exporters:\n  debug:\n    verbosity: loud\n']))).toEqual([
      'exporters::debug::verbosity: must be one of "basic", "normal", "detailed", got "loud" (1.yaml:3:16)',
    ]);
  });

  test('a key missing in all files is reported where its mapping was last written', () => {
    const first = VALID.replace('  debug:', '  otlp:\n    compression: gzip\n  debug:');
    expect(mistakes(() => load([first, 'exporters: {otlp: {compression: none}}\n']))).toEqual([
      'exporters::otlp::endpoint: is required (1.yaml:1:13)',
    ]);
  });

  test('an empty value does not replace a mapping, an empty file changes nothing', () => {
    expect(load([VALID, 'receivers:\n  dropreason:\n', '']).receivers.get('dropreason')?.config).toMatchObject({
      collection_interval: 10_000,
    });
  });

  test('an unset variable that a later file replaces is no mistake', () => {
    const first = VALID.replace('normal', '"${env:NOT_SET}"');
    expect(load([first, 'exporters: {debug: {verbosity: basic}}']).exporters.get('debug')?.config).toMatchObject({
      verbosity: 'basic',
    });
  });

  test('mistakes of all files are reported together, in their order', () => {
    const lines = mistakes(() => load(['a: [', VALID, 'b: {']));
    expect(lines.map((line) => /(\d)\.yaml/.exec(line)?.[1])).toEqual(['0', '2']);
  });
});

describe('--set', () => {
  test.each([
    ['exporters.debug.verbosity=detailed', { verbosity: 'detailed' }],
    ['exporters::debug::verbosity=detailed', { verbosity: 'detailed' }],
    ['exporters.debug.sampling=0.5', { sampling: 0.5 }],
    ['exporters.debug={sampling: 7}', { verbosity: 'normal', sampling: 7 }],
    ['exporters.debug=', { verbosity: 'basic' }],
    ['exporters.debug.verbosity=${env:HOW}', { verbosity: 'basic' }],
  ])('%s', (flag, expected) => {
    expect(load([VALID], { sets: [flag], env: { HOW: 'basic' } }).exporters.get('debug')?.config).toMatchObject(expected);
  });

  test('comes after all files, the last one wins', () => {
    const sets = ['exporters.debug.verbosity=basic', 'exporters.debug.verbosity=detailed'];
    expect(load([VALID, VALID], { sets }).exporters.get('debug')?.config).toMatchObject({ verbosity: 'detailed' });
  });

  test('a key with a dot is named with ::', () => {
    expect(load([VALID], { sets: ['service::telemetry::resource::service.name=x'] }).service.telemetry.resource).toEqual({
      'service.name': 'x',
    });
  });

  test('its value is not shown, because it may be a secret', () => {
    expect(mistakes(() => load([VALID], { sets: ['a..token=hunter2'] })).join()).not.toContain('hunter2');
  });
});

test('a file that is not there, and no file at all', () => {
  expect(mistakes(() => loadConfig({ files: ['/nonexistent.yaml'], env: {}, factories }))).toEqual([
    expect.stringContaining("can't be read: ENOENT"),
  ]);
  expect(mistakes(() => loadConfig({ files: [], env: {}, factories }))).toEqual([
    'no configuration given: name a file with --config',
  ]);
});

test('a file that expands to billions of values is rejected at once', () => {
  const laughs = Array.from({ length: 12 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`);
  const text = `l0: &l0 [x]\n${laughs.join('\n')}\n`;
  expect(mistakes(() => loadConfig({ files: files(text), env: {}, factories }))[0]).toContain('at most 100000 values');
});

test.each([
  ['1h', 50_000],
  ['a:', 50_000],
  ['a://', 25_000],
  ['@:', 50_000],
  ['"', 50_000],
  ['token ', 16_000],
])('a value of %j 100,000 characters long is rejected at once, and shown in part', (part, times) => {
  const value = JSON.stringify(part.repeat(times));
  const began = performance.now();
  const said = mistakes(() => load([`receivers: {dropreason: {collection_interval: ${value}}}`]));
  expect(performance.now() - began).toBeLessThan(SIGHUP_MILLIS);
  expect(said).toContainEqual(expect.stringMatching(/^receivers::dropreason::collection_interval: must be .{1,300}$/));
});

test('an anchor that names itself, brackets without end, levels without end', () => {
  expect(mistakes(() => load(['receivers: &a [*a]']))).toContain(
    'receivers::0: the alias is inside its own anchor (0.yaml:1:16)',
  );
  expect(mistakes(() => load(['['.repeat(100_000)]))).not.toEqual([]);
  expect(mistakes(() => load([`receivers: ${'['.repeat(65)}${']'.repeat(65)}`]))[0]).toContain('at most 64 levels deep');
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level}: &l${level} [[[[[[${level === 0 ? 1 : `*l${level - 1}`}]]]]]]`,
  );
  expect(mistakes(() => load([levels.join('\n')]))[0]).toContain('at most 64 levels deep');
});

describe('aliases', () => {
  test('name what the anchor before them names, however often it is given', () => {
    const text = VALID.replace(
      '  debug: {verbosity: normal}',
      '  debug: {verbosity: &v normal}\n  debug/a: {verbosity: *v}\n  debug/b: {verbosity: &v detailed}\n  debug/c: {verbosity: *v}',
    );
    const { exporters } = load([text]);
    expect(['debug', 'debug/a', 'debug/b', 'debug/c'].map((id) => exporters.get(id)?.config)).toMatchObject(
      ['normal', 'normal', 'detailed', 'detailed'].map((verbosity) => ({ verbosity })),
    );
  });

  test('share a node with their anchor: 500 pipelines from one anchor are read in time proportional to their text', () => {
    const pipeline = '{receivers: [dropreason], exporters: [debug]}';
    const more = Array.from({ length: 500 }, (_, index) => `    metrics/${index}: *one`);
    const written = VALID.replace(/ {4}metrics:[\s\S]*/, `    metrics: &one ${pipeline}\n${more.join('\n')}\n`);
    expect(load([written.replace('processors:\n  percpu_sum:\n', '')]).service.pipelines.size).toBe(501);
  });

  test('count with the size of their anchor, and cost only their text', () => {
    const list = `anchor: &a [${'1,'.repeat(100)}]\nlist: [${'*a,'.repeat(20_000)}]\n`;
    expect(mistakes(() => load([list]))).toEqual([expect.stringContaining('at most 100000 values, including aliases')]);
  });
});

test('a file that is too long or endless is rejected', () => {
  const tooLong = 'is too large: at most 131072 characters';
  expect(mistakes(() => load([`${VALID}${'#'.repeat(131_072)}`]))).toEqual([`${tooLong} (0.yaml:1:1)`]);
  expect(mistakes(() => loadConfig({ files: ['/dev/zero'], env: {}, factories }))).toEqual([`${tooLong} (/dev/zero:1:1)`]);
  const big = VALID.replace('normal', '"${env:BIG}${env:BIG}"');
  expect(mistakes(() => load([big], { env: { BIG: 'x'.repeat(70_000) } }))).toEqual([
    `exporters::debug::verbosity: ${tooLong} from all expansions (0.yaml:9:22)`,
  ]);
});

test('keys that JavaScript has a meaning for are unknown keys', () => {
  const text = VALID.replace('  debug: {', '  debug: {__proto__: {a: 1}, constructor: 1, ');
  expect(mistakes(() => load([text])).map((line) => line.split(': ')[0])).toEqual([
    'exporters::debug::__proto__',
    'exporters::debug::constructor',
  ]);
});

test.each([
  ['one port of two addresses', 'prometheus: {endpoint: "10.0.0.1:9464"}', 'prometheus/b: {endpoint: "10.0.0.2:9464"}'],
  ['one port of two families', 'prometheus: {endpoint: "0.0.0.0:9464"}', 'prometheus/b: {endpoint: "[fd00::1]:9464"}'],
  ['a free port each', 'prometheus: {endpoint: "localhost:0"}', 'prometheus/b: {endpoint: "localhost:0"}'],
  ['standard output', 'file: {path: /dev/stdout}', 'file/b: {path: /dev/stdout}'],
])('%s can be shared', (_, one, other) => {
  const ids = `${one.split(':')[0]}, ${other.split(':')[0]}`;
  const text = `receivers: {dropreason: {mode: advanced}}\nexporters:\n  ${one}\n  ${other}\n`;
  const { warnings } = load([`${text}service: {pipelines: {metrics: {receivers: [dropreason], exporters: [${ids}]}}}\n`], {
    factories: real,
  });
  expect(warnings).toEqual([]);
});

test('components that do not run claim nothing', () => {
  const text = VALID.replace('  debug:', '  prometheus/unused: {endpoint: "localhost:9464"}\n  debug:');
  expect(load([text], { factories: real }).warnings).toHaveLength(1);
  const off = VALID.replace('localhost:9464', 'localhost:9465').replace('logs: {level: info}', 'metrics: {level: none}');
  expect(load([off], { factories: real }).warnings).toEqual([]);
});
