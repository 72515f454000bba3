import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { Collector } from './collector.ts';
import { CUMULATIVE, pointsWith } from './otlp_json.ts';
import { OTELCOL, PROMETHEUS, PROMTOOL, skipReason } from './peers.ts';
import { Prometheus, promtoolCheck } from './prometheus.ts';
import { waitFor } from './wait.ts';

// That the peers say what they are given, and find fault where there is one: else the other tests here would prove little.
describe('the peers themselves', () => {
  test.skipIf(skipReason(PROMETHEUS.missing))('Prometheus scrapes a page and answers for it', async () => {
    let scrapes = 0;
    const server = createServer((_, response) => {
      scrapes += 1;
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end(`# TYPE drops_total counter\ndrops_total{reason="A"} ${41 + scrapes}\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const prometheus = await Prometheus.start(port);
    try {
      await prometheus.nextScrape(port);
      expect(await prometheus.value('drops_total{reason="B"}')).toBeUndefined();
      expect(await prometheus.value('drops_total{reason="A"}')).toBe(41 + scrapes);
    } finally {
      await prometheus.stop();
      server.close();
    }
  });

  test.skipIf(skipReason(PROMTOOL.missing))('promtool is silent about a clean page and names what is wrong with another', () => {
    expect(promtoolCheck('# HELP a_total Drops.\n# TYPE a_total counter\na_total 1\n')).toBe('');
    expect(promtoolCheck('# HELP a Drops.\n# TYPE a counter\na 1\n')).toContain('counter metrics should have "_total" suffix');
  });

  test.skipIf(skipReason(OTELCOL.missing))('the Collector writes down what it receives', async () => {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    const collector = await Collector.start();
    const exporter = new OTLPMetricExporter({ url: `http://${collector.endpoint}` });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    try {
      const counter = provider.getMeter('library').createCounter('drops', { unit: '{drop}', valueType: 0 });
      counter.add(7, { reason: 'A' });
      await provider.forceFlush();
      const [received] = await waitFor('a push', () => nonEmpty(collector.received()));
      const sum = received?.sums.get('drops');
      expect(sum).toMatchObject({ unit: '{drop}', monotonic: true, temporality: CUMULATIVE });
      expect(AggregationTemporality.CUMULATIVE + 1, "the SDK's numbers are one less than OTLP's").toBe(CUMULATIVE);
      expect(pointsWith(sum, { reason: 'A' }).map(({ value }) => value)).toEqual([7]);
      expect(received?.scopes).toEqual(['library']);
      expect(received?.resource['service.name']).toMatch(/^unknown_service/);
    } finally {
      await provider.shutdown();
      await collector.stop();
    }
  });
});

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
