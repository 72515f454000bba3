import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../../../src/exporters/otlp_grpc/config.ts';
import { OtlpGrpcExporter } from '../../../../src/exporters/otlp_grpc/exporter.ts';
import { batch, makeHost, makeService, ruleDrop } from '../../metrics/fixtures.ts';
import { type Answer, OtlpServer } from '../../otlp/grpc/otlp_server.ts';
import { partialSuccess, retryInfo, rpcStatus } from '../../otlp/messages.ts';

const TICK = { trigger: 'interval' } as const;
/** For a machine that is busy. */
const PATIENT = { timeout: 10_000 };
vi.setConfig({ testTimeout: 30_000 });

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An exporter that pushes two points at each `push` to a server that gives `answer`. */
async function start(answer: Answer, retry_on_failure: object = { initial_interval: '1ms' }) {
  const server = await new OtlpServer().start();
  server.answer = answer;
  const service = makeService();
  const address = `127.0.0.1:${server.port}`;
  const config = configSchema.parse({ endpoint: address, tls: { insecure: true }, retry_on_failure });
  const exporter = new OtlpGrpcExporter(service.settings('otlp_grpc'), config);
  await exporter.start(makeHost());
  ends.push(
    () => server.stop(),
    () => exporter.shutdown(0),
  );
  const value = async (name: string) =>
    (await service.own(`otelcol_exporter_${name}_metric_points`)).reduce((sum, point) => sum + Number(point.value), 0);
  const counted = async () => ({ sent: await value('sent'), failed: await value('send_failed') });
  /** Pushes, to get `answer` from now on where it is given, and waits for the push to be over. */
  const push = async (next?: { readonly answer: Answer }) => {
    const { sent, failed } = await counted();
    if (next !== undefined) server.answer = next.answer;
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect
      .poll(async () => {
        const now = await counted();
        return now.sent + now.failed;
      }, PATIENT)
      .toBe(sent + failed + 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const log = () => service.lines.map(({ level, msg }) => `${level} ${String(msg).replaceAll(address, 'SERVER')}`);
  return { server, exporter, push, counted, log };
}

describe('a partial success', () => {
  it('counts the rejected points as failed, and is logged once until it changes or is over', async () => {
    const { server, push, counted, log } = await start(partialSuccess(1, 'no room for 1 of them'));
    await push();
    expect(await counted()).toEqual({ sent: 1, failed: 1 });
    await push({ answer: partialSuccess(1, 'no room for 7 of them') });
    expect(await counted()).toEqual({ sent: 2, failed: 2 });
    const first = 'error SERVER rejected 1 of 2 points, saying "no room for 1 of them"; they count as failed';
    expect(log()).toEqual([first]);
    await push({ answer: partialSuccess(2, 'too old') });
    expect(await counted()).toEqual({ sent: 2, failed: 4 });
    await push({ answer: partialSuccess(0, '') });
    await push({ answer: undefined });
    expect(await counted()).toEqual({ sent: 6, failed: 4 });
    expect(log()).toEqual([
      first,
      'error SERVER rejected 2 of 2 points, saying "too old"; they count as failed',
      'info SERVER accepts all points again',
    ]);
    expect(server.requests).toHaveLength(5);
  });

  it.each([3, -1])('of %d rejected points counts no more than were sent, without words', async (rejected) => {
    const { push, counted, log } = await start(partialSuccess(rejected, ''));
    await push();
    expect(await counted()).toEqual({ sent: 0, failed: 2 });
    expect(log()).toEqual(['error SERVER rejected 2 of 2 points, without a reason; they count as failed']);
  });

  it('without rejected points is a warning, logged once until it changes or is over', async () => {
    const { push, counted, log } = await start(partialSuccess(0, 'use\nless labels'));
    await push();
    await push();
    expect(log()).toEqual(['warn SERVER accepted a push with the warning "use\\nless labels"']);
    await push({ answer: undefined });
    expect(log().slice(1)).toEqual(['info SERVER no longer warns']);
    expect(await counted()).toEqual({ sent: 6, failed: 0 });
  });
});

describe('an answer that can’t be decoded', () => {
  it('counts as failed, isn’t retried, and is logged once until it changes or is over', async () => {
    const { server, push, counted, log } = await start(new Uint8Array([0x0a, 0x7f, 1]));
    await push();
    await push();
    expect(server.requests).toHaveLength(2);
    expect(await counted()).toEqual({ sent: 0, failed: 4 });
    expect(log()).toEqual([
      expect.stringMatching(
        /^error can't push to SERVER: the answer is not OTLP .*: Truncated buffer.*; trying again won't help/,
      ),
    ]);
    await push({ answer: status.UNAUTHENTICATED });
    await push({ answer: undefined });
    expect(log().slice(1)).toEqual([
      expect.stringMatching(/^error can't push to SERVER: 16 UNAUTHENTICATED/),
      'info pushes to SERVER succeed again',
    ]);
  });
});

it('an answer whose message is compressed and does not say how counts as failed, and the log says what it is', async () => {
  const server = createServer().on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service = makeService();
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = configSchema.parse({ endpoint, tls: { insecure: true } });
  const exporter = new OtlpGrpcExporter(service.settings('otlp_grpc'), config);
  await exporter.start(makeHost());
  ends.push(
    () => server.close(),
    () => exporter.shutdown(0),
  );
  exporter.consume(batch([ruleDrop(1, 84)], TICK));
  await expect
    .poll(() => service.lines.map(({ msg }) => msg), PATIENT)
    .toEqual([
      `can't push to ${endpoint}: the answer can't be read as gRPC; trying again won't help by itself, see exporters::otlp_grpc`,
    ]);
  expect((await service.own('otelcol_exporter_send_failed_metric_points')).map(({ value }) => value)).toEqual([2]);
});

describe('RESOURCE_EXHAUSTED', () => {
  it.each([
    ['no details', status.RESOURCE_EXHAUSTED],
    ['details without RetryInfo', { code: status.RESOURCE_EXHAUSTED, status: rpcStatus() }],
    ['details cut short', { code: status.RESOURCE_EXHAUSTED, status: rpcStatus(retryInfo({ seconds: 1 })).slice(0, -1) }],
    ['garbage for details', { code: status.RESOURCE_EXHAUSTED, status: new Uint8Array(300).fill(0xff) }],
  ])('with %s is not retried', async (_, answer) => {
    const { server, push, counted, log } = await start(answer);
    await push();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
    expect(await counted()).toEqual({ sent: 0, failed: 2 });
    expect(log()).toEqual([expect.stringMatching(/^error .*8 RESOURCE_EXHAUSTED/)]);
  });

  it('with a RetryInfo that has no delay is retried after the usual wait', async () => {
    const { server, exporter } = await start({ code: status.RESOURCE_EXHAUSTED, status: rpcStatus(retryInfo()) });
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect.poll(() => server.requests.length, PATIENT).toBeGreaterThanOrEqual(3);
  });
});

describe('a delay that the server asks for', () => {
  const DELAY_MILLIS = 1000;
  /** A timer may fire early by the length of a turn of the event loop. */
  const LEAST_MILLIS = 0.9 * DELAY_MILLIS;
  const delayed = (code: number) => ({ code, status: rpcStatus(retryInfo({ seconds: DELAY_MILLIS / 1000 })) });
  const gap = ({ requests: [first, second] }: OtlpServer) => Number(second?.receivedMillis) - Number(first?.receivedMillis);

  it.each(['RESOURCE_EXHAUSTED', 'UNAVAILABLE'] as const)('with %s is obeyed by the retry', async (name) => {
    const { server, exporter, counted, log } = await start(delayed(status[name]));
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect.poll(log, PATIENT).toHaveLength(1);
    server.answer = undefined;
    await expect.poll(counted, PATIENT).toEqual({ sent: 2, failed: 0 });
    expect(gap(server)).toBeGreaterThanOrEqual(LEAST_MILLIS);
    expect(log()[0]).toMatch(/^warn .*injected failure \(the server asks to wait 1 s\); retrying/);
  });

  it.each([true, false])('is obeyed by newer pushes too, with retry_on_failure: {enabled: %s}', async (enabled) => {
    const { server, exporter, counted, log } = await start(delayed(status.RESOURCE_EXHAUSTED), {
      enabled,
      initial_interval: '1ms',
    });
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect.poll(log, PATIENT).toHaveLength(1);
    server.answer = undefined;
    for (let pushes = 0; pushes < 3; pushes++) {
      exporter.consume(batch([ruleDrop(1, 84)], TICK));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await expect.poll(counted, PATIENT).toEqual({ sent: 2, failed: 2 });
    expect(gap(server)).toBeGreaterThanOrEqual(LEAST_MILLIS);
    expect(server.requests.map(({ points }) => points[0]?.value)).toEqual([1, 4]);
  });

  it('does not hold up the last push', async () => {
    const hour = { code: status.UNAVAILABLE, status: rpcStatus(retryInfo({ seconds: 3600 })) };
    const { server, exporter, counted, log } = await start(hour, { max_elapsed_time: 0 });
    exporter.consume(batch([ruleDrop(1, 84)], TICK));
    await expect.poll(log, PATIENT).toHaveLength(1);
    server.answer = undefined;
    await exporter.shutdown(4000);
    expect(await counted()).toEqual({ sent: 2, failed: 2 });
  });
});

describe('a server that calls a message too large', () => {
  it('gets smaller ones, from then on, and every point once', async () => {
    const { server, push, counted, log } = await start(undefined);
    server.mostPoints = 1;
    await push();
    expect(server.requests.map(({ points }) => points.length)).toEqual([2, 1, 1]);
    expect(await counted()).toEqual({ sent: 2, failed: 0 });
    await push();
    expect(server.requests.map(({ points }) => points.length)).toEqual([2, 1, 1, 1, 1]);
    expect(log().filter((line) => !line.startsWith('debug'))).toEqual([]);
  });

  it('even of single points, is refused, and they are not sent again', async () => {
    const { server, push, counted, log } = await start(undefined);
    server.mostPoints = 0;
    await push();
    expect(server.requests.map(({ points }) => points.length)).toEqual([2, 1, 1]);
    expect(await counted()).toEqual({ sent: 0, failed: 2 });
    expect(log().at(-1)).toMatch(/^error can't push to SERVER: .*larger than max.*; trying again won't help/);
  });
});
