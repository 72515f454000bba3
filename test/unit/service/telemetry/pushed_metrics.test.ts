import { resourceFromAttributes } from '@opentelemetry/resources';
import { afterEach, describe, expect, test } from 'vitest';
import { telemetrySchema } from '../../../../src/config/service_schema.ts';
import { COUNTING } from '../../../../src/metrics/definitions.ts';
import { counter } from '../../../../src/metrics/instruments.ts';
import { OwnTelemetry } from '../../../../src/service/telemetry/own_telemetry.ts';
import { makeService } from '../../metrics/fixtures.ts';
import { OtlpServer } from '../../otlp/grpc/otlp_server.ts';
import { HttpServer } from '../../otlp/http/http_server.ts';
import { decode, type WireMessage } from '../../otlp/wire.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const PATIENT = { timeout: 10_000 };

async function start(otlp: object, more: object = {}) {
  const service = makeService();
  const { metrics } = telemetrySchema.parse({
    metrics: { readers: [{ pull: { exporter: { prometheus: { port: 0 } } } }, { periodic: { exporter: { otlp }, ...more } }] },
  });
  const telemetry = new OwnTelemetry({
    config: metrics,
    resource: resourceFromAttributes({ 'service.name': 'dropreason' }),
    logger: service.settings('x').logger,
    authenticator: () => undefined,
  });
  ends.push(() => telemetry.shutdown(1000));
  await telemetry.start();
  return { telemetry, log: () => service.lines.map(({ level, msg }) => `${level} ${msg}`) };
}

async function grpc() {
  const server = await new OtlpServer().start();
  ends.push(() => server.stop());
  const metadata = (name: string) => server.requests[0]?.metadata.get(name)[0];
  const otlp = { protocol: 'grpc', endpoint: `127.0.0.1:${server.port}`, insecure: true };
  return { otlp, messages: (): readonly WireMessage[] => server.requests, metadata, server };
}

async function http() {
  const server = await new HttpServer().start();
  ends.push(() => server.stop());
  const metadata = (name: string) => server.requests[0]?.headers[name];
  const otlp = { protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${server.port}` };
  return { otlp, messages: (): readonly WireMessage[] => server.requests.map(({ body }) => decode(body)), metadata, server };
}

const lost = ({ points }: WireMessage) =>
  points.filter(({ metric }) => metric === 'dropreason.receiver.lost').map(({ value, temporality }) => [value, temporality]);

describe.each([
  { carrier: 'gRPC', serve: grpc },
  { carrier: 'HTTP', serve: http },
])('own metrics over $carrier', ({ serve }) => {
  test('are those that can be scraped, pushed at an interval', async () => {
    const { otlp, messages, metadata } = await serve();
    const { telemetry } = await start(
      { ...otlp, headers: { authorization: 'Bearer a' }, compression: 'gzip' },
      { interval: 100 },
    );
    counter(telemetry.meter, COUNTING.lost).add(2, { slot: 'nested' });
    await expect.poll(() => messages().length, PATIENT).toBeGreaterThanOrEqual(2);
    expect(metadata('authorization')).toBe('Bearer a');
    const [message] = messages() as [WireMessage];
    expect(message.resource).toEqual({ 'service.name': 'dropreason' });
    expect(lost(message)).toEqual([[2, 2]]);
    const scraped = await (await fetch(`http://localhost:${telemetry.ports[0]}/metrics`)).text();
    const families = [...scraped.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map(([, name = '']) =>
      name.replace(/_total$/, ''),
    );
    const pushed = message.points.map(({ metric }) => metric.replaceAll('.', '_'));
    for (const name of pushed) expect(families.some((family) => family.startsWith(name))).toBe(true);
    expect(families.filter((family) => family !== 'target_info' && !pushed.some((name) => family.startsWith(name)))).toEqual([]);
  });

  test('are pushed a last time at the end', async () => {
    const { otlp, messages } = await serve();
    const { telemetry } = await start(otlp);
    counter(telemetry.meter, COUNTING.lost).add(3, { slot: 'nested' });
    await telemetry.shutdown(5000);
    expect(messages().map(lost)).toEqual([[[3, 2]]]);
  });

  test('are what was added, where deltas are preferred', async () => {
    const { otlp, messages } = await serve();
    const { telemetry } = await start({ ...otlp, temporality_preference: 'delta' }, { interval: 50 });
    const counted = counter(telemetry.meter, COUNTING.lost);
    for (let second = 1; second <= 4; second++) {
      counted.add(second, { slot: 'nested' });
      const pushes = messages().length;
      await expect.poll(() => messages().length, PATIENT).toBeGreaterThanOrEqual(pushes + 2);
    }
    await telemetry.shutdown(5000);
    const all = messages().flatMap(lost);
    expect(all.reduce((sum, [value = 0]) => sum + (value as number), 0)).toBe(10);
    expect(all.length).toBeGreaterThan(1);
    expect(new Set(all.map(([, temporality]) => temporality))).toEqual(new Set([1]));
  });

  test('that can’t be pushed are logged once, with where to look', async () => {
    const { otlp, server } = await serve();
    server.stop();
    const { log } = await start({ ...otlp, timeout: 500 }, { interval: 50 });
    await expect.poll(log, PATIENT).toEqual([expect.stringMatching(/^warn can't push to .*; retrying, the counters keep/)]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(log()).toHaveLength(1);
  });

  test('are not pushed where a certificate can’t be read, and the agent goes on', async () => {
    const { otlp } = await serve();
    const endpoint = otlp.endpoint.replace('http://', '');
    const tls = otlp.protocol === 'grpc' ? { endpoint, insecure: false } : { endpoint: `https://${endpoint}` };
    const { log } = await start({ ...otlp, ...tls, certificate: '/nowhere' });
    expect(log()).toEqual([
      expect.stringMatching(
        /^warn service::telemetry::metrics::readers::1::periodic::exporter::otlp: .* not pushed: .*\/nowhere/,
      ),
    ]);
  });
});
