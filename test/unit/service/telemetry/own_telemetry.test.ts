import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { telemetrySchema } from '../../../../src/config/service_schema.ts';
import { COUNTING, EXPORTER, RECEIVER } from '../../../../src/metrics/definitions.ts';
import { counter, gauge, histogram } from '../../../../src/metrics/instruments.ts';
import { OwnTelemetry } from '../../../../src/service/telemetry/own_telemetry.ts';
import { makeService } from '../../metrics/fixtures.ts';

const running: OwnTelemetry[] = [];

async function start(metrics: object = { readers: [{ pull: { exporter: { prometheus: { port: 0 } } } }] }) {
  const service = makeService();
  const resource = resourceFromAttributes({ 'service.name': 'dropreason' });
  const telemetry = new OwnTelemetry({
    config: telemetrySchema.parse({ metrics }).metrics,
    resource,
    logger: service.settings('x').logger,
    authenticator: () => undefined,
  });
  running.push(telemetry);
  await telemetry.start();
  return { telemetry, lines: service.lines };
}

const scrape = async (port: number | undefined) => (await fetch(`http://localhost:${port}/metrics`)).text();

afterEach(async () => {
  await Promise.all(running.splice(0).map((telemetry) => telemetry.shutdown(0)));
});

describe('OwnTelemetry', () => {
  it('shows the process and what components measure, and promtool finds no fault with it', async (context) => {
    const { telemetry } = await start();
    counter(telemetry.meter, COUNTING.lost).add(2, { slot: 'nested' });
    gauge(telemetry.meter, COUNTING.hookAttached).record(1, { hook: 'nat', rung: 'fexit', why: '' });
    counter(telemetry.meter, RECEIVER.reads).add(1, { receiver: 'dropreason' });
    histogram(telemetry.meter, RECEIVER.readDuration).record(0.0002, { receiver: 'dropreason' });
    gauge(telemetry.meter, RECEIVER.rows).record(30, { receiver: 'dropreason' });
    gauge(telemetry.meter, RECEIVER.mapEntries).record(3, { map: 'm' });
    gauge(telemetry.meter, RECEIVER.mapCapacity).record(8, { map: 'm' });
    counter(telemetry.meter, RECEIVER.unclassifiedReason).add(4, { reason: 'A_REASON_OF_TOMORROW' });
    counter(telemetry.meter, RECEIVER.accepted).add(30, { receiver: 'dropreason' });
    counter(telemetry.meter, EXPORTER.sent).add(30, { exporter: 'prometheus' });
    counter(telemetry.meter, EXPORTER.sendFailed).add(0, { exporter: 'prometheus' });
    const text = await scrape(telemetry.ports[0]);
    expect(text).toContain('\ndropreason_receiver_lost_total{slot="nested"} 2\n');
    expect(text).toContain('\ndropreason_receiver_read_duration_bucket{receiver="dropreason",le="0.00025"} 1\n');
    expect(text).toMatch(/\notelcol_process_memory_rss \d{7,}\n/);
    expect(text).toMatch(/\notelcol_process_uptime_total \d+\.\d+\n/);
    expect(text).toMatch(/\notelcol_process_cpu_seconds_total \d+\.\d+\n/);
    expect(text).toContain('target_info{service_name="dropreason"} 1\n');
    if (spawnSync('promtool', ['--version']).error !== undefined) context.skip('promtool is not installed');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('shows the same on every endpoint', async () => {
    const reader = { pull: { exporter: { prometheus: { port: 0 } } } };
    const { telemetry } = await start({ readers: [reader, reader] });
    counter(telemetry.meter, COUNTING.lost).add(2, { slot: 'nested' });
    expect(telemetry.ports).toHaveLength(2);
    for (const port of [...telemetry.ports, ...telemetry.ports]) {
      expect(await scrape(port)).toContain('\ndropreason_receiver_lost_total{slot="nested"} 2\n');
    }
  });

  it('warns where its port is taken, and goes on', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { telemetry, lines } = await start({ readers: [{ pull: { exporter: { prometheus: { port } } } }] });
    expect(lines).toMatchObject([
      {
        level: 'warn',
        msg: `service::telemetry: can't listen on localhost:${port}: another process uses port ${port}; stop it, or change service::telemetry::metrics::readers::0::pull::exporter::prometheus::port`,
      },
    ]);
    counter(telemetry.meter, COUNTING.lost).add(2, { slot: 'nested' });
    other.close();
  });

  it('measures and listens to nothing with level: none', async () => {
    const { telemetry } = await start({ level: 'none' });
    counter(telemetry.meter, COUNTING.lost).add(2, { slot: 'nested' });
    expect(telemetry.ports).toEqual([]);
    await telemetry.shutdown(0);
  });
});
