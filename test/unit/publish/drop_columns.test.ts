import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { DropColumns } from '../../../src/publish/drop_columns.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { countValues } from '../../../src/publish/metric_columns.ts';
import { type MetricNames, NAMINGS } from '../../../src/publish/naming.ts';
import { countPoints } from '../../../src/publish/points.ts';
import type { ScrapeFormat } from '../../../src/publish/prometheus/scrape_format.ts';
import { PrometheusText } from '../../../src/publish/prometheus/text.ts';
import { batch, row, START } from '../metrics/fixtures.ts';

const resource = resourceFromAttributes({ 'service.name': 'dropreason', 'host.name': 'ß' });

/** The same exporter twice: one text is made by columns, the other by the SDK. */
function bothWays(names: MetricNames) {
  const naming = NAMINGS[names];
  const [one, other] = [new DropAccumulator(), new DropAccumulator()];
  const columns = new DropColumns({ accumulator: one, naming, resource });
  const publisher = new DropPublisher({ accumulator: other, naming, resource });
  const gauges = naming.gauges ? [naming, naming.pods].flatMap(({ count, bytes }) => [count.name, bytes.name]) : [];
  const [ours, sdks] = [new PrometheusText({ gauges }), new PrometheusText({ gauges })];
  return {
    accumulators: [one, other],
    async scrape(format: ScrapeFormat) {
      const published = columns.collect();
      const collected = await publisher.collect();
      const pieces = Array.from(ours.pieces(published, format), String);
      return {
        ours: pieces.join(''),
        sdks: sdks.write(collected, format),
        counts: [countValues(published), countPoints(collected)],
      };
    },
  };
}

const letter = fc.constantFrom('A', 'B', 'C');
const series = fc.record({ reason: letter, direction: fc.constantFrom('ingress', 'forward'), cpu: fc.nat(1) });
const rows = fc.array(
  fc
    .record({ series, drops: fc.nat(3e9), isCall: fc.boolean() })
    .map(({ series: { reason, direction, cpu }, drops, isCall }) =>
      row(
        { reason: isCall ? `CALL_${reason}` : reason, direction, class: 'error', cpu },
        drops,
        isCall ? undefined : 100 * drops,
      ),
    ),
  { maxLength: 6 },
);
const pods = fc.record({ rows, ended: rows.map((all) => all.map(({ attributes }) => attributes)) });
const step = fc.record({
  rows,
  pods: fc.option(pods, { nil: undefined }),
  ended: fc.option(
    rows.map((all) => all.slice(0, 2).map(({ attributes }) => attributes)),
    { nil: undefined },
  ),
  losses: fc.array(fc.record({ slot: letter, count: fc.nat(5) }), { maxLength: 2 }),
  hooks: fc.array(
    fc.record({ hook: letter, attached: fc.boolean(), rung: letter, why: fc.constantFrom('', 'eperm') }).map((hook) => {
      return { ...hook, detail: '' };
    }),
    { maxLength: 2 },
  ),
  seconds: fc.integer({ min: -20, max: 90 }),
  anew: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  resumes: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  format: fc.option(fc.constantFrom('prometheus', 'openmetrics'), { nil: undefined }),
});

describe('what a scrape shows', () => {
  test.each(['opentelemetry', 'retina'] as const)(
    'is what the SDK publishes of the same, with the names of %s',
    async (names) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const { accumulators, scrape } = bothWays(names);
          let timeMillis = START + 10_000;
          for (const [index, { seconds, anew, resumes, format, pods: podRead, ended, ...more }] of steps.entries()) {
            timeMillis = Math.max(START + 1, timeMillis + 1000 * seconds);
            const given: DropBatch = batch(more.rows, {
              ...more,
              timeMillis,
              steadyMillis: 90_000 * index,
              ...(anew ? { anew } : {}),
              ...(podRead === undefined ? {} : { pods: podRead }),
              ...(ended === undefined ? {} : { ended }),
            });
            for (const accumulator of accumulators) {
              if (resumes) accumulator.resume();
              accumulator.add(given);
            }
            if (format === undefined) continue;
            const { ours, sdks, counts } = await scrape(format);
            expect(ours).toBe(sdks);
            expect(counts[0]).toBe(counts[1]);
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  it('is of one moment, though it is taken piece by piece and another one begins meanwhile', () => {
    const accumulator = new DropAccumulator();
    const columns = new DropColumns({ accumulator, naming: NAMINGS.opentelemetry, resource });
    const text = new PrometheusText();
    const all = Array.from({ length: 5000 }, (_, index) => row({ reason: `REASON_${index}`, direction: 'ingress' }, 1, 100));
    accumulator.add(batch(all));
    const before = Array.from(text.pieces(columns.collect(), 'prometheus'), String).join('');
    const pieces = text.pieces(columns.collect(), 'prometheus');
    const first = String(pieces.next().value);
    accumulator.add(batch(all.slice(10), { ended: all.slice(0, 10).map(({ attributes }) => attributes) }));
    for (const _ of text.pieces(columns.collect(), 'openmetrics')) break;
    const rest = Array.from(pieces, String);
    expect(rest.length).toBeGreaterThan(1);
    expect([first, ...rest].join('')).toBe(before);
  });
});
