import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { PrometheusText } from '../../../../../src/publish/prometheus/text.ts';
import { PullReader } from '../../../../../src/publish/pull_reader.ts';
import { UnclassifiedReasons } from '../../../../../src/receivers/dropreason/reasons/unclassified_reasons.ts';
import { row } from '../../../../support/rows.ts';
import { makeSettings } from '../../../../support/settings.ts';

function started() {
  const reader = new PullReader();
  const settings = makeSettings();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
  const reasons = new UnclassifiedReasons({ logger: settings.logger, meter });
  const samples = async () => {
    const text = new PrometheusText().write((await reader.collect()).resourceMetrics);
    return text.split('\n').filter((line) => line.startsWith('dropreason_receiver_reason_unclassified_total'));
  };
  return { reasons, samples, lines: settings.lines };
}

test('a name that the catalog lacks is counted, and told once', async () => {
  const { reasons, samples, lines } = started();
  reasons.look([row({ reason: 'A_REASON_OF_TOMORROW', direction: 'ingress' }, 3), row({ reason: 'NO_SOCKET' }, 5)]);
  reasons.look([row({ reason: 'A_REASON_OF_TOMORROW', direction: 'egress' }, 4), row({ reason: '196699' }, 1)]);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({ level: 'info', reason: 'A_REASON_OF_TOMORROW' });
  expect(lines[1]).toMatchObject({ level: 'info', reason: '196699' });
  expect((await samples()).sort()).toEqual([
    'dropreason_receiver_reason_unclassified_total{reason="196699"} 1',
    'dropreason_receiver_reason_unclassified_total{reason="A_REASON_OF_TOMORROW"} 7',
  ]);
});

test('what has a meaning but no class, failed calls and rows at 0 are no news', async () => {
  const { reasons, samples, lines } = started();
  reasons.look([
    row({ reason: 'UNKNOWN_DROP' }, 9),
    row({ reason: 'TCP_CONNECT_BASIC' }, 1),
    row({ reason: 'A_REASON_OF_TOMORROW' }, 0),
    row({}, 2),
  ]);
  expect(lines).toEqual([]);
  expect(await samples()).toEqual([]);
});
