import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { whyNotHere } from '../support/requirements.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { subjects } from './every_component.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Prints the modules that were loaded, once `body` has run. */
function loadedBy(body: string): string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
    const { factories } = await import('./src/components.ts');
    const make = async (kind, type, config) => {
      const factory = factories[kind].find((each) => each.type === type);
      const meter = new Proxy({}, { get: () => () => ({ add() {}, record() {}, addCallback() {}, removeCallback() {} }) });
      const settings = { id: type, meter, logger: console, resource: { attributes: {} }, keep: (_, make) => make() };
      return factory.create(settings, factory.schema.parse(config), { consume() {} });
    };
    ${body}
    process.stdout.write(JSON.stringify(urls));
    process.exit(0);`;
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 16 << 20 } as const;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], options);
  return JSON.parse(output) as string[];
}

/** The files of the bundle that `run` has loaded when it can't load programs, which comes after all that it loads. */
function bundledBy(config: string): string[] {
  const hooks = `
    import { registerHooks } from 'node:module';
    import { appendFileSync } from 'node:fs';
    registerHooks({ load(url, context, next) { appendFileSync(3, url + '\\n'); return next(url, context); } });`;
  const { output, status } = spawnSync(
    'setpriv',
    [
      ...['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'],
      ...[process.execPath, '--import', `data:text/javascript,${encodeURIComponent(hooks)}`],
      ...['dist/main.js', 'run', '--config', config],
    ],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  expect(status, String(output[2])).toBe(1);
  const urls = String(output[3]).split('\n');
  return short(urls).flatMap((url) => (url.startsWith('dist/') ? [url.slice('dist/'.length)] : []));
}

const short = (urls: readonly string[]) => urls.map((url) => url.replace(/^file:\/\//, '').replace(ROOT, ''));
const GRPC = 'node_modules/@grpc/grpc-js/';
const SDK = 'node_modules/@opentelemetry/sdk-metrics/';

describe('what is not configured is not loaded:', () => {
  test('the table of components loads factories and schemas alone', () => {
    const urls = short(loadedBy(''));
    for (const { kind, type } of subjects()) {
      expect(urls).toContain(`src/${kind}/${type}/factory.ts`);
      expect(urls).not.toContain(`src/${kind}/${type}/${kind.slice(0, -1)}.ts`);
    }
    for (const heavy of [GRPC, SDK]) expect(urls.filter((url) => url.includes(heavy))).toEqual([]);
    expect(urls.filter((url) => url.endsWith('.node'))).toEqual([]);
  });

  test('the pipeline of otel-collector.yaml loads no gRPC', () => {
    const urls = short(
      loadedBy(`
        await make('receivers', 'dropreason', {});
        await make('processors', 'percpu_sum', {});
        await make('exporters', 'prometheus', {});
        await make('exporters', 'debug', {});`),
    );
    expect(urls).toContain('src/exporters/prometheus/exporter.ts');
    expect(urls.filter((url) => url.includes(GRPC))).toEqual([]);
    const settings = /(?:factory|config|client_settings|header_names|hints)\.ts$/;
    expect(urls.filter((url) => /\/(?:otlp_grpc|otlp\/grpc|otlp\/http)\//.test(url) && !settings.test(url))).toEqual([]);
  });

  test('the engine of expressions comes with the first expression', () => {
    const filter = (match_type: string) =>
      short(
        loadedBy(
          `await make('processors', 'filter', { include: { match_type: '${match_type}', attributes: [{ key: 'a', values: ['b'] }] } });`,
        ),
      );
    expect(filter('strict').filter((url) => url.includes('re2js'))).toEqual([]);
    expect(filter('regexp').some((url) => url.includes('re2js'))).toBe(true);
  });

  test('and a pipeline with it does, so that these tests can see it', () => {
    const urls = short(loadedBy(`await make('exporters', 'otlp_grpc', { endpoint: 'localhost:1', tls: { insecure: true } });`));
    expect(urls).toContain('src/exporters/otlp_grpc/exporter.ts');
    expect(urls.some((url) => url.includes(GRPC))).toBe(true);
  });
});

describe.skipIf(whyNotHere(['setpriv']) !== undefined)('of the bundle', () => {
  const ALWAYS = ['main.js', 'signals.js', 'agent.js', 'rolldown-runtime.js'];
  const isOwn = (file: string) => !/^(?:cli|receivers|processors|exporters|http)-/.test(file);

  test('otel-collector.yaml loads one file, and those that lead to it', () => {
    const files = bundledBy('otel-collector.yaml');
    expect(files).toContain('exporters-prometheus-exporter.js');
    expect(files.filter(isOwn).sort()).toEqual([...ALWAYS].sort());
    for (const file of files) {
      const text = readFileSync(join(ROOT, 'dist', file), 'utf8');
      expect(text, file).not.toMatch(/^\/\/ node_modules\/(?:@grpc|@kubernetes|protobufjs|re2js|undici)\//m);
    }
  });

  test('expressions load their engine', () => {
    const directory = scratchDirectory();
    const config = join(directory, 'config.yaml');
    writeFileSync(
      config,
      `receivers: {dropreason: {}}
processors: {filter: {include: {match_type: regexp, attributes: [{key: reason, values: ["A.*"]}]}}}
exporters: {debug: {}}
service: {pipelines: {metrics: {receivers: [dropreason], processors: [filter], exporters: [debug]}}}
`,
    );
    expect(bundledBy(config)).toContain('re2js.js');
  });
});
