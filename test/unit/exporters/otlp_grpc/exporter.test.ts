import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/exporters/otlp_grpc/config.ts';
import { OtlpGrpcExporter } from '../../../../src/exporters/otlp_grpc/exporter.ts';
import { batch, makeHost, makeService, row, ruleDrop, START } from '../../metrics/fixtures.ts';
import { OtlpServer } from '../../otlp/grpc/otlp_server.ts';

const servers: OtlpServer[] = [];
const exporters: OtlpGrpcExporter[] = [];
const TICK = { trigger: 'interval' } as const;
/** For a machine that is busy. */
const PATIENT = { timeout: 20_000 };

async function serve(credentials?: ServerCredentials, port?: number): Promise<OtlpServer> {
  const server = await new OtlpServer().start(credentials, port);
  servers.push(server);
  return server;
}

async function start(endpoint: string, given: object = {}, service = makeService(), host = makeHost()) {
  const config = configSchema.parse({ endpoint, tls: { insecure: true }, ...given });
  const exporter = new OtlpGrpcExporter(service.settings('otlp_grpc'), config);
  exporters.push(exporter);
  await exporter.start(host);
  return exporter;
}

afterEach(async () => {
  await Promise.all(exporters.splice(0).map((exporter) => exporter.shutdown(0)));
  for (const server of servers.splice(0)) server.stop();
});

describe('OtlpGrpcExporter', () => {
  it('pushes cumulative, monotonic, integer sums with their start time at every tick', async () => {
    const server = await serve();
    const exporter = await start(`127.0.0.1:${server.port}`, { headers: { 'x-token': 'secret' } });
    exporter.consume(batch([ruleDrop(1, 84)], { losses: [{ slot: 'nested', count: 0 }] }));
    exporter.consume(batch([ruleDrop(2, 168), row({ reason: 'A', cpu: 1 }, 0)], TICK));
    await expect.poll(() => server.requests.length).toBe(1);
    const [request] = server.requests;
    expect(request).toMatchObject({ resource: { 'service.name': 'dropreason', 'host.name': 'node-1' }, scope: 'dropreason' });
    expect(request?.metadata.get('x-token')).toEqual(['secret']);
    expect(String(request?.metadata.get('user-agent')[0])).toMatch(/^dropreason\/\d/);
    const sum = { kind: 'sum', temporality: 2, monotonic: true, startMillis: START };
    expect(request?.points).toMatchObject([
      { ...sum, metric: 'dropreason.drop.count', unit: '{drop}', attributes: { reason: 'IPTABLE_RULE_DROP' }, value: 3 },
      { ...sum, metric: 'dropreason.drop.count', attributes: { reason: 'A', cpu: 1 }, value: 0 },
      { ...sum, metric: 'dropreason.drop.bytes', unit: 'By', value: 252 },
      { ...sum, metric: 'dropreason.receiver.lost', attributes: { slot: 'nested' }, value: 0 },
    ]);
    exporter.consume(batch([ruleDrop(4, 336)], TICK));
    await expect.poll(() => server.requests.length).toBe(2);
    expect(server.requests[1]?.points[0]).toMatchObject({ value: 7, startMillis: START });
  });

  it('does not push when a scrape made the read, and makes one push of two batches at once', async () => {
    const server = await serve();
    const exporter = await start(`127.0.0.1:${server.port}`);
    exporter.consume(batch([ruleDrop(1, 84)]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests).toHaveLength(0);
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.requests.map(({ points }) => points[0]?.value)).toEqual([3]);
  });

  it('with metric_names: retina pushes monotonic sums under Retina’s names', async () => {
    const server = await serve();
    const exporter = await start(`http://127.0.0.1:${server.port}`, { metric_names: 'retina', compression: 'none' });
    exporter.consume(batch([row({ reason: 'A', direction: 'forward', class: 'error' }, 2, 100)], TICK));
    await expect
      .poll(() => server.requests[0]?.points)
      .toMatchObject([
        {
          metric: 'networkobservability_drop_count',
          kind: 'sum',
          monotonic: true,
          attributes: { reason: 'A', direction: 'unknown' },
        },
        { metric: 'networkobservability_drop_bytes', value: 100 },
      ]);
  });

  it('retries the same push, tells of it once, and of the recovery', async () => {
    const service = makeService();
    const server = await serve();
    server.answer = status.UNAVAILABLE;
    const exporter = await start(`127.0.0.1:${server.port}`, { retry_on_failure: { initial_interval: '50ms' } }, service);
    exporter.consume(batch([ruleDrop(3, 252)], TICK));
    await expect.poll(() => server.requests.length).toBeGreaterThanOrEqual(3);
    server.answer = undefined;
    await expect
      .poll(() => service.lines.map(({ level, msg }) => `${level} ${msg}`), { timeout: 3000 })
      .toEqual([
        `warn can't push to 127.0.0.1:${server.port}: 14 UNAVAILABLE: injected failure; retrying, the counters keep what was not sent`,
        `info pushes to 127.0.0.1:${server.port} succeed again`,
      ]);
    expect(await service.own('otelcol_exporter_sent_metric_points')).toMatchObject([{ value: 2 }]);
    expect(await service.own('otelcol_exporter_send_failed_metric_points')).toMatchObject([{ value: 0 }]);
  });

  it('puts a newer push in the place of one that waits for its retry, and counts that one as failed', async () => {
    const service = makeService();
    const server = await serve();
    server.answer = status.UNAVAILABLE;
    const exporter = await start(
      `127.0.0.1:${server.port}`,
      { retry_on_failure: { initial_interval: '1h', max_interval: '1h', max_elapsed_time: 0 } },
      service,
    );
    exporter.consume(batch([ruleDrop(3, 252)], TICK));
    await expect.poll(() => server.requests.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.answer = undefined;
    exporter.consume(batch([ruleDrop(4, 336)], TICK));
    await expect.poll(() => server.requests.map(({ points }) => points[0]?.value)).toEqual([3, 7]);
    await expect.poll(() => service.own('otelcol_exporter_sent_metric_points')).toMatchObject([{ value: 2 }]);
    expect(await service.own('otelcol_exporter_send_failed_metric_points')).toMatchObject([
      { attributes: { exporter: 'otlp_grpc' }, value: 2 },
    ]);
  });

  it.each([
    ['a code that no retry helps', { code: status.UNAUTHENTICATED, retry: {}, level: 'error' }],
    ['retry_on_failure: {enabled: false}', { code: status.UNAVAILABLE, retry: { enabled: false }, level: 'warn' }],
    ['max_elapsed_time run out', { code: status.UNAVAILABLE, retry: { max_elapsed_time: '1ms' }, level: 'warn' }],
  ])('gives up after %s', async (_, { code, retry, level }) => {
    const service = makeService();
    const server = await serve();
    server.answer = code;
    const exporter = await start(
      `127.0.0.1:${server.port}`,
      { retry_on_failure: { initial_interval: '20ms', ...retry } },
      service,
    );
    exporter.consume(batch([ruleDrop(3, 252)], TICK));
    await expect.poll(() => service.own('otelcol_exporter_send_failed_metric_points')).toMatchObject([{ value: 2 }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests).toHaveLength(1);
    expect(service.lines.map((line) => line.level)).toEqual([level]);
  });

  it('splits what is too much for one message', async () => {
    const server = await serve();
    const exporter = await start(`127.0.0.1:${server.port}`);
    exporter.consume(
      batch(
        Array.from({ length: 5000 }, (_, cpu) => row({ reason: 'A', cpu }, 1, 1)),
        TICK,
      ),
    );
    await expect.poll(() => server.requests.map(({ points }) => points.length), PATIENT).toEqual([...Array(9).fill(1024), 784]);
  });

  it('halves what the server calls too large, and does not try larger messages again', async () => {
    const server = await serve();
    server.mostPoints = 200;
    const exporter = await start(`127.0.0.1:${server.port}`);
    const rows = Array.from({ length: 5000 }, (_, cpu) => row({ reason: 'A', cpu }, 1, 1));
    const lengths = () => server.requests.map(({ points }) => points.length);
    const taken = () => lengths().filter((length) => length <= server.mostPoints);
    const sum = (all: readonly number[]) => all.reduce((total, length) => total + length, 0);
    exporter.consume(batch(rows, TICK));
    await expect.poll(() => sum(taken()), PATIENT).toBe(10_000);
    expect(lengths().filter((length) => length > server.mostPoints)).toEqual([1024, 512, 256]);
  });

  it('at shutdown reads once more and pushes that', async () => {
    const server = await serve();
    const reads: string[] = [];
    const host = makeHost(() => {
      reads.push('read');
      exporter.consume(batch([ruleDrop(5, 420)]));
      return Promise.resolve();
    });
    const exporter = await start(`127.0.0.1:${server.port}`, {}, makeService(), host);
    exporter.consume(batch([ruleDrop(1, 84)]));
    await exporter.shutdown(2000);
    expect(server.requests.map(({ points }) => points[0]?.value)).toEqual([6]);
    await exporter.shutdown(2000);
    expect(reads).toEqual(['read']);
  });

  it('is not held up beyond the deadline by an endpoint that hangs, before or at the last push', async () => {
    for (const early of [true, false]) {
      const service = makeService();
      const server = await serve();
      server.answer = 'hang';
      const exporter = await start(`127.0.0.1:${server.port}`, {}, service);
      exporter.consume(batch([ruleDrop(1, 84)], early ? TICK : {}));
      if (early) await expect.poll(() => server.requests.length).toBe(1);
      const before = Date.now();
      await exporter.shutdown(300);
      // An attempt alone may take 5 s.
      expect(Date.now() - before).toBeLessThan(3000);
      expect(service.lines.at(-1)?.msg).toBe(
        `the last push to 127.0.0.1:${server.port} got no answer in time; what it said is lost`,
      );
    }
  });

  it('does not wait for a retry at shutdown', async () => {
    const server = await serve();
    server.answer = status.UNAVAILABLE;
    const exporter = await start(`127.0.0.1:${server.port}`, {
      retry_on_failure: { initial_interval: '1h', max_interval: '1h', max_elapsed_time: 0 },
    });
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect.poll(() => server.requests.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = Date.now();
    await exporter.shutdown(4000);
    expect(Date.now() - before).toBeLessThan(1000);
    expect(server.requests).toHaveLength(2);
  });

  it('connects anew where attempts in a row get no answer', async () => {
    const server = await serve();
    server.answer = 'hang';
    const retry_on_failure = { initial_interval: '1ms', max_interval: '1ms' };
    const exporter = await start(`127.0.0.1:${server.port}`, { timeout: '100ms', retry_on_failure });
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    const connections = () => new Set(server.requests.map(({ peer }) => peer)).size;
    await expect.poll(connections, { timeout: 4500 }).toBeGreaterThanOrEqual(2);
  });

  it('survives an endpoint that is not there, and finds it when it comes', async () => {
    const first = await serve();
    const { port } = first;
    first.stop();
    const service = makeService();
    const exporter = await start(`127.0.0.1:${port}`, { retry_on_failure: { initial_interval: '100ms' } }, service);
    exporter.consume(batch([ruleDrop(9, 756)], TICK));
    await expect.poll(() => service.lines[0]?.msg).toMatch(/^can't push to 127\.0\.0\.1:\d+: 14 UNAVAILABLE/);
    const second = await serve(undefined, port);
    await expect.poll(() => second.requests[0]?.points[0]?.value, PATIENT).toBe(9);
  });

  it('sends what the YAML file says, not what OTEL_EXPORTER_OTLP_* says, and leaves those as they are', async () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=environment,x-other=environment',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '1',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    };
    Object.assign(process.env, environment);
    try {
      const server = await serve();
      const exporter = await start(`127.0.0.1:${server.port}`, { headers: { 'x-token': 'yaml' } });
      exporter.consume(batch([ruleDrop(1, 84)], TICK));
      await expect.poll(() => server.requests.length).toBe(1);
      expect(server.requests[0]?.metadata.get('x-token')).toEqual(['yaml']);
      expect(server.requests[0]?.metadata.get('x-other')).toEqual([]);
      expect(process.env).toMatchObject(environment);
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  });

  it('speaks TLS, asks whose certificate it is unless told not to, and shows its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dropreason-tls-'));
    const file = (name: string) => join(folder, name);
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file('key'), '-out', file('cert')],
    ]);
    expect(made.status).toBe(0);
    try {
      const pair = { private_key: readFileSync(file('key')), cert_chain: readFileSync(file('cert')) };
      const server = await serve(ServerCredentials.createSsl(readFileSync(file('cert')), [pair], true));
      const own = { cert_file: file('cert'), key_file: file('key') };
      const service = makeService();
      const retry_on_failure = { enabled: false };
      const unknown = await start(`127.0.0.1:${server.port}`, { tls: own, retry_on_failure }, service);
      unknown.consume(batch([ruleDrop(1, 84)], TICK));
      await expect.poll(() => service.lines[0]?.msg).toMatch(/UNAVAILABLE.*self-signed certificate/);
      for (const tls of [
        { ...own, ca_file: file('cert') },
        { ...own, insecure_skip_verify: true },
      ]) {
        const exporter = await start(`https://127.0.0.1:${server.port}`, { tls });
        exporter.consume(batch([ruleDrop(7, 588)], TICK));
        await expect.poll(() => server.requests.pop()?.points[0]?.value).toBe(7);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fails to start where a certificate can’t be read or used', async () => {
    await expect(start('127.0.0.1:1', { tls: { ca_file: '/none.pem' } })).rejects.toThrow(
      "tls::ca_file: can't read /none.pem: ENOENT",
    );
    await expect(start('127.0.0.1:1', { tls: { cert_file: '/etc/hostname', key_file: '/etc/hostname' } })).rejects.toThrow(
      "tls: the certificates can't be used: ",
    );
  });
});
