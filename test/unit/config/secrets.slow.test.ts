import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printConfig } from '../../../src/cli/print_config.ts';
import { validate } from '../../../src/cli/validate.ts';
import { factories } from '../../../src/components.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Service } from '../../../src/service/service.ts';
import { Stage } from '../../support/components.ts';
import { files } from './scratch.ts';

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLES = globSync(['otel-collector.yaml', 'config/*.yaml', 'deploy/**/config.yaml'], { cwd: ROOT }).filter(
  (name) => !name.includes('downstream'),
);
const SECRET = 'hunter2-marked';

/** Ways to include a secret in a value that isn't secret as a whole. */
const WAYS = [
  'Bearer ${env:SECRET}',
  'u:${env:SECRET}@host:4317',
  'http://u:${env:SECRET}@host:4317',
  '${env:SECRET}',
  'x${env:SECRET}y',
  `u:${SECRET}@host:4317`,
  `Bearer ${SECRET}`,
  '${env:OTHER}',
  // As OTEL_EXPORTER_OTLP_HEADERS has it.
  `Authorization: Bearer ${SECRET}`,
  `https://host:4317/?key=${SECRET}`,
  `http://u:a ${SECRET}@host`,
  `http://u:a"${SECRET}@host`,
  `u:${SECRET}${'x'.repeat(100)}@host`,
  `Bearer a\n${SECRET}`,
];
const ENV = { SECRET, OTHER: `http://u:${SECRET}@host`, K8S_NODE_NAME: 'node-1' };

/** The places of a secret, in addition to or instead of an example's values. Most are mistakes. */
const PLACES = [
  'exporters::otlp_grpc::headers::authorization',
  'exporters::otlp_grpc::headers',
  'exporters::otlp_grpc::endpoint',
  'exporters::otlp_grpc::tls',
  'exporters::prometheus::endpoint',
  'exporters::prometheus::tls::key_pem',
  'exporters::prometheus::auth',
  'extensions::bearertokenauth::token',
  'extensions::bearertokenauth::tokens',
  'extensions::basicauth::client_auth::password',
  'extensions::basicauth::htpasswd::inline',
  'exporters::prometheus::metric_names',
  'receivers::dropreason::collection_interval',
  'receivers::dropreason::pin_path',
  'service::telemetry::resource::team',
  'service::telemetry::logs::level',
  'service::pipelines::metrics::exporters',
  'service::extensions',
];

const said: string[] = [];
const io = { stdout: (text: string) => void said.push(text), stderr: (text: string) => void said.push(text) };

const attempt = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    said.push(String((error as Error).message));
  }
};

/** A running agent, and its log when it changes to a configuration. */
const [logFile, started] = [join(mkdtempSync(join(tmpdir(), 'dropreason-secrets-')), 'log'), new Stage()];
const first = `receivers: {source: {}}
exporters: {sink: {}}
service:
  telemetry: {logs: {output_paths: [${logFile}]}, metrics: {level: none}}
  pipelines: {metrics: {receivers: [source], exporters: [sink]}}
`;
let next: (() => Config) | undefined;
let service: Service | undefined;

beforeAll(async () => {
  const file = join(dirname(logFile), 'first.yaml');
  writeFileSync(file, first);
  service = new Service(() => next?.() ?? loadConfig({ files: [file], env: {}, factories: started.factories }));
  await service.start();
});
afterAll(async () => {
  await service?.shutdown();
  rmSync(dirname(logFile), { recursive: true });
});

async function logOfReload(load: () => Config): Promise<string> {
  writeFileSync(logFile, '');
  next = load;
  await service?.reload();
  return readFileSync(logFile, 'utf8');
}

test.each(EXAMPLES)('%s shows a secret nowhere', async (name) => {
  const example = readFileSync(join(ROOT, name), 'utf8');
  for (const [index, place] of PLACES.entries()) {
    // Each example tries a third of them; all examples together cover each place in each way.
    for (const way of WAYS.filter((_, nth) => (nth + index + EXAMPLES.indexOf(name)) % 3 === 0)) {
      said.length = 0;
      const [file = ''] = files(example);
      const sets = [`${place}=${JSON.stringify(way)}`];
      if (place.includes('otlp_grpc') && !place.endsWith('endpoint')) sets.push('exporters::otlp_grpc::endpoint=localhost:1');
      const options = { files: [file], sets, env: ENV, factories };
      await attempt(() => validate(options, io));
      await attempt(() => printConfig(options, io));
      // Together with another mistake, so that it is rejected in any case.
      const refused = { ...options, sets: [...sets, 'receivers::dropreason::pin=neither'] };
      const log = await logOfReload(() => loadConfig(refused));
      expect(log).toContain('keeping the old one');
      said.push(log);
      expect(said.join('\n'), `${place}: ${way}`).not.toContain('hunter2');
      expect(said.join('\n')).not.toBe('');
    }
  }
});

test.each([`x-api-key=${SECRET}`, SECRET, `[${SECRET}]`])('headers that are no mapping may be one: %s', async (headers) => {
  said.length = 0;
  const sets = ['exporters::otlp_grpc::endpoint=localhost:1', `exporters::otlp_grpc::headers=${headers}`];
  await attempt(() => validate({ files: [join(ROOT, 'otel-collector.yaml')], sets, env: {}, factories }, io));
  expect(said.join()).toContain('exporters::otlp_grpc::headers');
  expect(said.join()).not.toContain('hunter2');
});

test.each([`*${SECRET}`, `|${SECRET}`, `>${SECRET}`, `"\\x${SECRET}"`, `"a" ${SECRET}`])(
  'a value that YAML reads as something else is shown nowhere: %s',
  async (value) => {
    const [file = ''] = files(`exporters:\n  otlp_grpc:\n    headers:\n      authorization: ${value}\n`);
    said.length = 0;
    await attempt(() => validate({ files: [file], env: {}, factories }, io));
    expect(said.join()).not.toBe('');
    expect(said.join()).not.toContain('hunter2');
  },
);

/** Keys whose value is a secret, with what they need beside them. `SECRET` stands for the secret. */
const KEYS = {
  'otlp_http, headers': { exporters: { otlp_http: { endpoint: 'http://localhost:1', headers: { authorization: 'SECRET' } } } },
  'otlp_http, a key': {
    exporters: { otlp_http: { endpoint: 'https://localhost:1', tls: { cert_pem: 'a', key_pem: 'SECRET' } } },
  },
  'prometheus, a key': { exporters: { prometheus: { tls: { cert_file: '/tls.crt', key_pem: 'SECRET' } } } },
  'own telemetry, a key': {
    service: {
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { tls: { cert_file: '/tls.crt', key_pem: 'SECRET' } } } } }] },
      },
    },
  },
  'bearertokenauth, a token': { extensions: { bearertokenauth: { token: 'SECRET' } } },
  'bearertokenauth, tokens': { extensions: { bearertokenauth: { tokens: ['abc', 'SECRET'] } } },
  'basicauth, a password': { extensions: { basicauth: { client_auth: { username: 'a', password: 'SECRET' } } } },
  'basicauth, users': { extensions: { basicauth: { htpasswd: { inline: `SECRET:{SHA}${'a'.repeat(27)}=` } } } },
};
/** Likewise, with mistakes in or beside the secret. */
const MISTAKES = {
  'a token with spaces': { extensions: { bearertokenauth: { token: 'a SECRET' } } },
  'a token in a list of lists': { extensions: { bearertokenauth: { tokens: [['SECRET']] } } },
  'a token that is a mapping': { extensions: { bearertokenauth: { token: { SECRET: 1 } } } },
  'tokens that are text': { extensions: { bearertokenauth: { tokens: 'SECRET' } } },
  'a token instead of a mapping': { extensions: { bearertokenauth: 'SECRET' } },
  'a password instead of a mapping': { extensions: { basicauth: { client_auth: 'SECRET' } } },
  'a password in the clear': { extensions: { basicauth: { htpasswd: { inline: 'a:SECRET' } } } },
  'users that are a list': { extensions: { basicauth: { htpasswd: { inline: ['a:SECRET'] } } } },
  'a name beside an unknown key': { extensions: { basicauth: { client_auth: { password: 'SECRET', user: 'a' } } } },
};

describe.each(EXAMPLES)('%s, with secrets that are written in the file', (name) => {
  /** What the commands say, with a file over the example. */
  async function saidOf(over: object): Promise<string> {
    const [file = '', second = ''] = files(
      readFileSync(join(ROOT, name), 'utf8'),
      JSON.stringify(over).replaceAll('SECRET', SECRET),
    );
    const options = { files: [file, second], env: ENV, factories };
    said.length = 0;
    await attempt(() => validate(options, io));
    await attempt(() => printConfig(options, io));
    return said.join('\n');
  }

  test.each(Object.entries(KEYS))('shows them nowhere: %s', async (_, over) => {
    const text = await saidOf(over);
    expect(text).toContain('[REDACTED]');
    expect(text).not.toContain('hunter2');
  });

  test.each(Object.entries(MISTAKES))('shows them in no message: %s', async (_, over) => {
    const text = await saidOf(over);
    expect(text).not.toBe('');
    expect(text).not.toContain('hunter2');
  });
});

test('a --set without "=" may be one', async () => {
  said.length = 0;
  const sets = [`exporters.otlp_grpc.headers.authorization:${SECRET}`];
  await attempt(() => validate({ files: [join(ROOT, 'otel-collector.yaml')], sets, env: {}, factories }, io));
  expect(said.join()).toContain('must be written as --set key.key=value');
  expect(said.join()).not.toContain('hunter2');
});

test('what a file holds is as secret', async () => {
  const [secret = '', file = ''] = files(`${SECRET}\n`, readFileSync(join(ROOT, 'otel-collector.yaml'), 'utf8'));
  said.length = 0;
  for (const set of ['exporters::debug::verbosity', 'service::telemetry::resource::team']) {
    const options = { files: [file], sets: [`${set}=x\${file:${secret}}`], env: {}, factories };
    await attempt(() => validate(options, io));
    await attempt(() => printConfig(options, io));
  }
  expect(said.join('')).toContain('team: x[REDACTED]');
  expect(said.join('')).not.toContain('hunter2');
});
