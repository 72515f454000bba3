import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { cli } from '../../../src/cli/cli.ts';
import { VERSION } from '../../../src/component/version.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const VALID =
  'receivers: {dropreason: }\nexporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [dropreason], exporters: [debug]}}}\n';

async function dropreason(...argv: string[]) {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

function file(text = VALID, name = 'config.yaml'): string {
  const path = join(scratchDirectory(), name);
  writeFileSync(path, text);
  return path;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('exit code 0', () => {
  test.each([['components'], ['schema'], ['explain'], ['--version'], ['--help'], ['run', '--help']])('%s', async (...argv) => {
    const { code, stdout, stderr } = await dropreason(...argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });

  test('--version prints the version of the package', async () => {
    expect((await dropreason('--version')).stdout).toBe(`${VERSION}\n`);
  });

  test('validate of a good file', async () => {
    expect(await dropreason('validate', '--config', file())).toMatchObject({ code: 0, stderr: '' });
  });

  test('of a good file with a warning', async () => {
    const unused = VALID.replace('debug: }', 'debug: , debug/2: }');
    const { code, stderr } = await dropreason('validate', '--config', file(unused));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: exporters::debug\/2: is not used/);
  });
});

describe('exit code 1', () => {
  test.each([['validate'], ['print-config'], ['run']])('%s of a bad file, with the mistakes and no trace', async (command) => {
    const path = file(VALID.replace('dropreason: }', 'dropreason: {collection_interval: 1}}'));
    const { code, stdout, stderr } = await dropreason(command, '--config', path);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^dropreason: the configuration has mistakes:\nreceivers::dropreason::collection_interval: /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a missing file', async () => {
    const { code, stderr } = await dropreason('validate', '--config', '/nowhere/config.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('/nowhere/config.yaml');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a log that can not be written, in a sentence', async () => {
    const service = '{telemetry: {logs: {output_paths: [/nowhere/log]}}, pipelines';
    const { code, stderr } = await dropreason('run', '--config', file(VALID.replace('{pipelines', service)));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^dropreason: service::telemetry::logs::output_paths: can't write to \/nowhere\/log: ENOENT\n$/);
  });
});

describe('exit code 2: wrong usage', () => {
  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['validat'], /Did you mean validate/],
    [['run', '--cofnig', 'x'], /unknown option '--cofnig'/],
    [['run', '--config'], /argument missing/],
    [['components', 'more'], /too many arguments/],
    [[], /Usage: dropreason/],
  ])('%j', async (argv, said) => {
    const { code, stdout, stderr } = await dropreason(...argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
  });
});

describe('the configuration', () => {
  test('is otel-collector.yaml in the working directory by default', async () => {
    const path = file(VALID, 'otel-collector.yaml');
    const root = process.cwd();
    process.chdir(join(path, '..'));
    try {
      expect((await dropreason('validate')).stdout).toBe('otel-collector.yaml: valid, pipelines: metrics\n');
    } finally {
      process.chdir(root);
    }
  });

  test('may consist of several files, later ones over earlier ones, and --set over all', async () => {
    const first = file(
      VALID.replace('debug: }', 'debug: {verbosity: normal}}').replace('dropreason: }', 'dropreason: {collection_interval: 5s}}'),
    );
    const second = file('exporters: {debug: {verbosity: detailed}}');
    const printed = async (...argv: string[]) => parse((await dropreason('print-config', ...argv)).stdout);
    expect(await printed('--config', first, '--config', second)).toMatchObject({
      receivers: { dropreason: { collection_interval: '5s' } },
      exporters: { debug: { verbosity: 'detailed' } },
    });
    expect(await printed('--config', second, '--config', first)).toMatchObject({ exporters: { debug: { verbosity: 'normal' } } });
    const sets = ['--set', 'exporters.debug.verbosity=basic', '--set', 'receivers.dropreason.collection_interval=7s'];
    expect(await printed('--config', first, ...sets, '--config', second)).toMatchObject({
      receivers: { dropreason: { collection_interval: '7s' } },
      exporters: { debug: { verbosity: 'basic' } },
    });
  });

  test('takes values from the environment', async () => {
    vi.stubEnv('DROPREASON_TEST_VERBOSITY', 'detailed');
    const path = file(VALID.replace('debug: }', `debug: {verbosity: '\${env:DROPREASON_TEST_VERBOSITY}'}}`));
    expect(parse((await dropreason('print-config', '--config', path)).stdout)).toMatchObject({
      exporters: { debug: { verbosity: 'detailed' } },
    });
    vi.unstubAllEnvs();
  });
});

test('the configuration that npm start runs is valid and has no warnings', async () => {
  expect(await dropreason('validate', '--config', 'otel-collector.yaml')).toEqual({
    code: 0,
    stdout: 'otel-collector.yaml: valid, pipelines: metrics\n',
    stderr: '',
  });
});
