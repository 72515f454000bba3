import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { pino } from 'pino';
import type { Settings } from '../../../src/component/factory.ts';
import type { Host } from '../../../src/component/host.ts';
import { AttributeSet, type AttributeValue } from '../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import type { DropRow } from '../../../src/pdata/drop_row.ts';
import { PullReader } from '../../../src/publish/pull_reader.ts';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

export function row(attributes: Record<string, AttributeValue>, drops: number, bytes?: number): DropRow {
  return { attributes: new AttributeSet(attributes), drops, bytes };
}

export function batch(rows: readonly DropRow[], more: Partial<DropBatch> = {}): DropBatch {
  const timeMillis = more.timeMillis ?? START + 10_000;
  return {
    trigger: 'request',
    startTimeMillis: START,
    timeMillis,
    steadyMillis: timeMillis,
    rows,
    losses: [],
    hooks: [],
    ...more,
  };
}

/** A netfilter drop on input, as the receiver with percpu_sum gives it. */
export function ruleDrop(drops: number, bytes: number): DropRow {
  return row({ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy' }, drops, bytes);
}

/** Settings as the service makes them: `keep` and the meter outlive the component that they are given to. */
export function makeService() {
  const kept = new Map<string, unknown>();
  const reader = new PullReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
  const lines: { level: string; msg: string }[] = [];
  const logger = pino(
    { level: 'debug', base: null, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line) as { level: string; msg: string }) },
  );
  const settings = (id: string): Settings => ({
    id,
    logger,
    meter,
    resource: resourceFromAttributes({ 'service.name': 'dropreason', 'host.name': 'node-1' }),
    reloadedMillis: 0,
    keep<T>(name: string, make: () => T): T {
      const key = `${id} ${name}`;
      if (!kept.has(key)) kept.set(key, make());
      return kept.get(key) as T;
    },
  });
  /** What the meter says of one metric. */
  const own = async (name: string): Promise<{ attributes: Attributes; value: unknown }[]> => {
    const { resourceMetrics } = await reader.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    return points.map(({ attributes, value }) => ({ attributes, value }));
  };
  return { settings, lines, own };
}

export function makeHost(refresh: () => Promise<void> = () => Promise.resolve()): Host {
  return { refresh, health: () => [], sources: () => [], authenticator: () => undefined };
}
