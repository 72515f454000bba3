import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { prometheusName, renderMetricsTable } from '../../../scripts/metrics_table.ts';
import {
  COUNTING,
  DROPS,
  EXPORTER,
  type MetricDefinition,
  PROCESS,
  RECEIVER,
  RETINA_DROPS,
} from '../../../src/metrics/definitions.ts';
import { counter, gauge, histogram } from '../../../src/metrics/instruments.ts';
import { PrometheusText } from '../../../src/publish/prometheus/text.ts';
import { PullReader } from '../../../src/publish/pull_reader.ts';

const ALL: MetricDefinition[] = [DROPS, RETINA_DROPS, COUNTING, RECEIVER, EXPORTER, PROCESS].flatMap((group) =>
  Object.values(group),
);

describe('renderMetricsTable', () => {
  it('has every metric and every attribute', () => {
    const table = renderMetricsTable();
    for (const { name, attributes } of ALL) {
      expect(table).toContain(`| \`${name}\` |`);
      for (const attribute of Object.keys(attributes)) expect(table).toContain(`| \`${attribute}\` |`);
    }
  });

  it('tells the names that a scrape shows', async () => {
    for (const definition of ALL) {
      const reader = new PullReader();
      const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
      if (definition.kind === 'counter') counter(meter, { ...definition, kind: 'counter' }).add(1);
      else if (definition.kind === 'gauge') gauge(meter, { ...definition, kind: 'gauge' }).record(1);
      else histogram(meter, { ...definition, kind: 'histogram' }).record(1);
      const text = new PrometheusText().write((await reader.collect()).resourceMetrics);
      expect(text).toContain(`# TYPE ${prometheusName(definition)} ${definition.kind}\n`);
      expect(text).toContain(`# HELP ${prometheusName(definition)} ${definition.description}\n`);
    }
  });
});
