import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { components } from '../../../src/cli/components.ts';
import { printConfig } from '../../../src/cli/print_config.ts';
import { schema } from '../../../src/cli/schema.ts';
import { validate } from '../../../src/cli/validate.ts';
import { ConfigError } from '../../../src/component/errors.ts';
import { factories } from '../config/factories.ts';
import { files, VALID } from '../config/scratch.ts';

function capture() {
  const out = { stdout: '', stderr: '' };
  const io = {
    stdout: (text: string) => {
      out.stdout += text;
    },
    stderr: (text: string) => {
      out.stderr += text;
    },
  };
  return { out, io };
}

const OTLP = `exporters:
  otlp:
    endpoint: https://user:hunter2@far:4317
    headers: {authorization: Bearer hunter2}
    token: \${env:TOKEN}
service: {pipelines: {metrics: {exporters: [otlp]}}}
`;

describe('print-config', () => {
  async function print(...texts: string[]) {
    const { out, io } = capture();
    await printConfig({ files: files(...texts), env: { TOKEN: '0000hunter2' }, factories }, io);
    return out.stdout;
  }

  test('shows the merged configuration with defaults, as written in a file', async () => {
    expect(parse(await print(VALID, OTLP))).toMatchObject({
      receivers: { dropreason: { collection_interval: '5s', attributes: [], pin: false, hooks: { nat: { enabled: true } } } },
      processors: { percpu_sum: {} },
      exporters: { prometheus: { endpoint: 'localhost:9464' }, debug: { verbosity: 'normal' }, otlp: { compression: 'gzip' } },
      service: {
        telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: 9465 } } } }] } },
        pipelines: { metrics: { receivers: ['dropreason'], processors: ['percpu_sum'], exporters: ['otlp'] } },
      },
    });
  });

  test('shows no secrets, neither declared ones nor one in a URL', async () => {
    const text = await print(VALID, OTLP);
    expect(text).not.toContain('hunter2');
    expect(parse(text).exporters.otlp).toMatchObject({
      endpoint: 'https://[REDACTED]@far:4317',
      headers: { authorization: '[REDACTED]' },
      token: '[REDACTED]',
    });
  });

  test('prints a configuration with the same meaning', async () => {
    const once = await print(VALID);
    expect(await print(once)).toBe(once);
  });
});

describe('validate', () => {
  test('says so in one line and warns on stderr', async () => {
    const { out, io } = capture();
    const text = VALID.replace('processors: [percpu_sum]', 'processors: []');
    await validate({ files: files(text), env: {}, factories }, io);
    expect(out.stdout).toMatch(/0\.yaml: valid, pipelines: metrics\n$/);
    expect(out.stderr).toMatch(
      /^warning: processors::percpu_sum: is not used by any pipeline, so it doesn't run \(.*0\.yaml:5:3\)\n$/,
    );
  });

  test('rejects with the mistakes', async () => {
    const { io } = capture();
    await expect(validate({ files: files('a: b'), env: {}, factories }, io)).rejects.toBeInstanceOf(ConfigError);
  });
});

test('components lists every factory by kind', async () => {
  const { out, io } = capture();
  await components({ factories }, io);
  const listed = parse(out.stdout);
  expect(Object.keys(listed)).toEqual(['receivers', 'processors', 'exporters', 'extensions']);
  expect(listed.exporters[1]).toEqual({ name: 'otlp_grpc', aliases: ['otlp'], description: 'Pushes over OTLP/gRPC.' });
});

test('schema prints JSON', async () => {
  const { out, io } = capture();
  await schema({ factories }, io);
  expect(JSON.parse(out.stdout)).toMatchObject({ title: 'dropreason' });
  expect(out.stdout.endsWith('}\n')).toBe(true);
});
