import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Exporter } from '../../../src/component/component.ts';
import type { Settings } from '../../../src/component/factory.ts';
import { configSchema as grpcConfig } from '../../../src/exporters/otlp_grpc/config.ts';
import { OtlpGrpcExporter } from '../../../src/exporters/otlp_grpc/exporter.ts';
import { configSchema as httpConfig } from '../../../src/exporters/otlp_http/config.ts';
import { OtlpHttpExporter } from '../../../src/exporters/otlp_http/exporter.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import type { DropRow } from '../../../src/pdata/drop_row.ts';
import { batch, makeHost, makeService, row, ruleDrop, START } from '../metrics/fixtures.ts';
import { OtlpServer } from './grpc/otlp_server.ts';
import { HttpServer } from './http/http_server.ts';
import { LossyProxy } from './lossy_proxy.ts';
import { partialSuccess } from './messages.ts';
import { decode, type WirePoint } from './wire.ts';

vi.setConfig({ testTimeout: 60_000 });

const DELTA = 1;
const SECOND = 1000;
/** For a machine that is busy. */
const PATIENT = { timeout: 20_000, interval: 25 };

/** What a server does with a message: `lost` and `hang` count it and don't answer. */
type Fate = 'taken' | 'lost' | 'hang' | 'unavailable' | 'refused' | 'invalid' | 'rejected';

interface Backend {
  readonly port: number;
  /** Of the next messages, and of those after them. */
  script: Fate[];
  fate: Fate;
  /** Called when a message has been counted whose answer is to be lost. */
  onLost: () => void;
  /** Messages so far, whatever became of them. */
  readonly messages: readonly { readonly points: readonly WirePoint[]; readonly fate: Fate }[];
  stop(): void;
}

const COUNTS: readonly Fate[] = ['taken', 'lost', 'hang'];

async function grpcBackend(): Promise<Backend> {
  const server = await new OtlpServer().start();
  const answers = {
    taken: undefined,
    lost: 'hang',
    hang: 'hang',
    unavailable: status.UNAVAILABLE,
    refused: status.UNAUTHENTICATED,
    invalid: status.INVALID_ARGUMENT,
    rejected: partialSuccess(1_000_000, 'no'),
  } as const;
  return backend(server, answers, () => server.requests.map(({ points }) => points));
}

async function httpBackend(): Promise<Backend> {
  const server = await new HttpServer().start();
  const answers = {
    taken: {},
    lost: 'hang',
    hang: 'hang',
    unavailable: { status: 503 },
    refused: { status: 401 },
    invalid: { status: 400 },
    rejected: { headers: { 'content-type': 'application/x-protobuf' }, body: partialSuccess(1_000_000, 'no') },
  } as const;
  const decoded: WirePoint[][] = [];
  return backend(server, answers, () => {
    // Each once: decoding thousands of points at each poll would leave the exporter no time.
    for (const { body } of server.requests.slice(decoded.length)) decoded.push([...decode(body).points]);
    return decoded;
  });
}

function backend<A>(
  server: { answer: A; readonly port: number; stop(): void },
  answers: Readonly<Record<Fate, A>>,
  received: () => (readonly WirePoint[])[],
): Backend {
  const fates: Fate[] = [];
  const made: Backend = {
    port: server.port,
    script: [],
    fate: 'taken',
    onLost: () => {},
    get messages() {
      return received().map((points, index) => ({ points, fate: fates[index] as Fate }));
    },
    stop: () => server.stop(),
  };
  Object.defineProperty(server, 'answer', {
    get: () => {
      const fate = made.script.shift() ?? made.fate;
      fates.push(fate);
      if (fate === 'lost') setImmediate(made.onLost);
      return answers[fate];
    },
  });
  return made;
}

type Start = (settings: Settings, port: number, given: object) => Exporter;

const grpc: Start = (settings, port, given) => {
  const config = { endpoint: `127.0.0.1:${port}`, tls: { insecure: true }, temporality: 'delta', ...given };
  return new OtlpGrpcExporter(settings, grpcConfig.parse(config));
};
const http: Start = (settings, port, given) => {
  return new OtlpHttpExporter(
    settings,
    httpConfig.parse({ endpoint: `http://127.0.0.1:${port}`, temporality: 'delta', ...given }),
  );
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What a backend adds up of the drops, by reason; one that deduplicates takes each series and interval once. */
function sums({ messages }: Backend, { deduplicates }: { readonly deduplicates: boolean }): Record<string, number> {
  const seen = new Set<string>();
  const all: Record<string, number> = {};
  for (const { points, fate } of messages) {
    if (!COUNTS.includes(fate)) continue;
    for (const { metric, attributes, startMillis, timeMillis, value = 0 } of points) {
      if (metric !== 'dropreason.drop.count') continue;
      const key = JSON.stringify([attributes, startMillis, timeMillis]);
      if (deduplicates && seen.has(key)) continue;
      seen.add(key);
      all[String(attributes.reason)] = (all[String(attributes.reason)] ?? 0) + value;
    }
  }
  return all;
}

const drops = (message: { readonly points: readonly WirePoint[] } | undefined) =>
  message?.points
    .filter(({ metric }) => metric === 'dropreason.drop.count')
    .map(({ value, startMillis, timeMillis }) => [value, (startMillis - START) / SECOND, (timeMillis - START) / SECOND]);

describe.each([
  { carrier: 'gRPC', serve: grpcBackend, make: grpc },
  { carrier: 'HTTP', serve: httpBackend, make: http },
])('deltas over $carrier', ({ serve, make }) => {
  async function lab(given: object = {}) {
    const server = await serve();
    const proxy = await LossyProxy.before(server.port);
    server.onLost = () => proxy.reset();
    const service = makeService();
    const start = async (more: object = {}, port = proxy.port) => {
      const retry_on_failure = { initial_interval: '5ms', max_interval: '5ms' };
      const exporter = make(service.settings('pusher'), port, { retry_on_failure, ...given, ...more });
      await exporter.start(makeHost());
      ends.push(() => exporter.shutdown(0));
      return exporter;
    };
    ends.push(() => server.stop());
    ends.push(() => proxy.stop());
    const failed = async () =>
      (await service.own('otelcol_exporter_send_failed_metric_points')).reduce((sum, { value }) => sum + Number(value), 0);
    return { server, proxy, start, failed, log: () => service.lines.map(({ level, msg }) => `${level} ${msg}`) };
  }

  /** A read at that second, after which exporters push. */
  const tick = (second: number, rows: readonly DropRow[], more: Partial<DropBatch> = {}) =>
    batch(rows, { trigger: 'interval', timeMillis: START + second * SECOND, ...more });

  test('each push has what was added since the one before, and nothing of what was not', async () => {
    const { server, start } = await lab();
    const exporter = await start();
    exporter.consume(tick(10, [ruleDrop(3, 252), row({ reason: 'A' }, 0, 0)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    expect(server.messages[0]?.points).toMatchObject([
      { metric: 'dropreason.drop.count', kind: 'sum', temporality: DELTA, monotonic: true, value: 3 },
      { metric: 'dropreason.drop.bytes', kind: 'sum', temporality: DELTA, monotonic: true, value: 252 },
    ]);
    exporter.consume(tick(20, [row({ reason: 'A' }, 2, 80)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(2);
    exporter.consume(tick(30, [ruleDrop(4, 336), row({ reason: 'A' }, 1, 40)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(3);
    expect(server.messages.map(drops)).toEqual(
      [
        [[3, 0, 10]],
        [[2, 10, 20]],
        [
          [1, 20, 30],
          [4, 20, 30],
        ],
      ].map((points) => expect.arrayContaining(points)),
    );
    expect(sums(server, { deduplicates: false })).toEqual({ IPTABLE_RULE_DROP: 7, A: 3 });
  });

  test('what got no answer is sent again as it was, and only then what was added meanwhile', async () => {
    const { server, start, log } = await lab({ retry_on_failure: { enabled: false } });
    const exporter = await start();
    exporter.consume(tick(10, [ruleDrop(3, 252)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    server.fate = 'lost';
    exporter.consume(tick(20, [ruleDrop(4, 336)]));
    await expect.poll(log, PATIENT).toHaveLength(1);
    for (const second of [30, 40]) {
      exporter.consume(tick(second, [ruleDrop(1, 84)]));
      const seen = server.messages.length;
      await expect.poll(() => server.messages.length, PATIENT).toBeGreaterThan(seen);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    server.fate = 'taken';
    exporter.consume(tick(50, [ruleDrop(1, 84)]));
    await expect.poll(() => server.messages.at(-1)?.points[0]?.value, PATIENT).toBe(3);
    expect(drops(server.messages.at(-1))).toEqual([[3, 20, 50]]);
    const repeated = server.messages.slice(1, -1);
    expect(repeated.length).toBeGreaterThanOrEqual(4);
    for (const message of repeated) expect(message.points).toEqual(repeated[0]?.points);
    expect(drops(repeated[0])).toEqual([[4, 10, 20]]);
    expect(sums(server, { deduplicates: true })).toEqual({ IPTABLE_RULE_DROP: 10 });
    await expect
      .poll(log, PATIENT)
      .toEqual([
        expect.stringMatching(/^warn can't push to .*; retrying, the deltas wait$/),
        expect.stringMatching(/^info pushes to .* succeed again$/),
      ]);
  });

  test('whatever becomes of messages and answers, a backend that deduplicates has exactly what was dropped', async () => {
    const { server, proxy, start, log } = await lab({ timeout: '150ms' });
    const exporter = await start();
    const dropped: Record<string, number> = { A: 0, B: 0, C: 0 };
    const fates: readonly Fate[] = [
      'taken',
      'lost',
      'unavailable',
      'hang',
      'lost',
      'refused',
      'taken',
      'lost',
      'taken',
      'unavailable',
    ];
    for (let round = 0; round < 30; round++) {
      server.fate = fates[round % fates.length] as Fate;
      const rows = Object.keys(dropped).map((reason, index) => row({ reason }, 1 + ((round * (index + 3)) % 5), 10 * round));
      for (const { attributes, drops: added } of rows)
        dropped[attributes.get('reason') as string] = (dropped[attributes.get('reason') as string] as number) + added;
      exporter.consume(tick(10 * (round + 1), rows));
      const seen = server.messages.length;
      await expect.poll(() => server.messages.length, PATIENT).toBeGreaterThan(seen);
      // A connection that is lost before anything is sent on it.
      if (round % 7 === 6) proxy.reset();
    }
    server.fate = 'taken';
    exporter.consume(tick(1000, [row({ reason: 'A' }, 1, 1)]));
    dropped.A = (dropped.A as number) + 1;
    await expect.poll(() => sums(server, { deduplicates: true }), PATIENT).toEqual(dropped);
    await exporter.shutdown(5000);
    expect(sums(server, { deduplicates: true })).toEqual(dropped);
    // The test would show nothing if nothing had come twice.
    expect(sums(server, { deduplicates: false })).not.toEqual(dropped);
    expect(log().filter((line) => line.includes('lost'))).toEqual([]);
    // No two intervals of a series overlap.
    const intervals = new Map<string, Set<string>>();
    for (const { points } of server.messages) {
      for (const { metric, attributes, startMillis, timeMillis } of points) {
        const key = `${metric} ${attributes.reason}`;
        intervals.set(key, (intervals.get(key) ?? new Set()).add(JSON.stringify([startMillis, timeMillis])));
      }
    }
    for (const all of intervals.values()) {
      const sorted = [...all].map((text) => JSON.parse(text) as [number, number]).sort(([a], [b]) => a - b);
      for (const [index, [start]] of sorted.entries())
        if (index > 0) expect(start).toBeGreaterThanOrEqual(sorted[index - 1]?.[1] as number);
    }
  });

  test('where no answer is lost, plain sums are exact', async () => {
    const { server, proxy, start } = await lab();
    const exporter = await start();
    let dropped = 0;
    // After a reset comes a round in which nothing is counted: a message that was on its way would be, and its answer lost.
    for (let round = 0; round < 21; round++) {
      server.fate = (['taken', 'unavailable', 'refused'] as const)[round % 3] as Fate;
      exporter.consume(tick(10 * (round + 1), [ruleDrop(1 + round, 84 * round)]));
      dropped += 1 + round;
      const seen = server.messages.length;
      await expect.poll(() => server.messages.length, PATIENT).toBeGreaterThan(seen);
      // While the server counts nothing, nothing that it has counted is lost.
      if (server.fate === 'unavailable') proxy.reset();
    }
    server.fate = 'taken';
    await exporter.shutdown(5000);
    expect(sums(server, { deduplicates: false })).toEqual({ IPTABLE_RULE_DROP: dropped });
  });

  test.each([
    ['the server calls the message invalid', 'invalid'],
    ['the server rejects its points', 'rejected'],
  ] as const)('where %s, they are not sent again and count as failed', async (_, fate) => {
    const { server, start, failed, log } = await lab();
    const exporter = await start();
    server.fate = fate;
    exporter.consume(tick(10, [ruleDrop(3, 252)]));
    await expect.poll(failed, PATIENT).toBe(2);
    server.fate = 'taken';
    exporter.consume(tick(20, [ruleDrop(4, 336)]));
    await expect.poll(() => server.messages.map(drops), PATIENT).toEqual([[[3, 0, 10]], [[4, 10, 20]]]);
    expect(log()[0]).toMatch(
      fate === 'invalid' ? /^error .*; the deltas of this message are lost$/ : /^error .* rejected 2 of 2/,
    );
  });

  test('what is sent in parts is acknowledged by part', async () => {
    const { server, start } = await lab();
    const exporter = await start();
    const rows = Array.from({ length: 4500 }, (_, cpu) => row({ reason: 'A', cpu }, 1, 1));
    server.script = ['taken', 'lost', 'lost'];
    exporter.consume(tick(10, rows));
    const seldom = { timeout: 40_000, interval: 200 };
    await expect.poll(() => sums(server, { deduplicates: true }), seldom).toEqual({ A: 4500 });
    exporter.consume(tick(20, [row({ reason: 'A', cpu: 0 }, 5, 5)]));
    await expect.poll(() => sums(server, { deduplicates: true }), seldom).toEqual({ A: 4505 });
    const lengths = server.messages.filter(({ fate }) => fate === 'taken').map(({ points }) => points.length);
    expect(lengths).toEqual([...Array(8).fill(1024), 808, 2]);
  });

  test('a series that ends is told to the last, also where the server is away when it does', async () => {
    const { server, start } = await lab();
    const exporter = await start();
    const ending = row({ reason: 'A' }, 1, 10);
    exporter.consume(tick(10, [ending, ruleDrop(1, 84)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    server.fate = 'unavailable';
    exporter.consume(tick(20, [row({ reason: 'A' }, 2, 20)], { ended: [ending.attributes] }));
    for (let second = 30; second < 400; second += 10) {
      exporter.consume(
        tick(second, [row({ reason: `pod ${second}` }, 1, 1)], { ended: [row({ reason: `pod ${second}` }, 0).attributes] }),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    server.fate = 'taken';
    exporter.consume(tick(400, [row({ reason: 'A' }, 7, 70)]));
    const wanted = Object.fromEntries(Array.from({ length: 37 }, (_, index) => [`pod ${30 + 10 * index}`, 1]));
    await expect.poll(() => sums(server, { deduplicates: true }), PATIENT).toEqual({ A: 10, IPTABLE_RULE_DROP: 1, ...wanted });
  });

  test('a reload keeps what was acknowledged and what was not, also where the endpoint is another', async () => {
    const { server, start, log } = await lab();
    const first = await start();
    first.consume(tick(10, [ruleDrop(3, 252)], { losses: [{ slot: 'nested', count: 2 }] }));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    server.fate = 'unavailable';
    first.consume(tick(20, [ruleDrop(4, 336)]));
    await expect.poll(log, PATIENT).toHaveLength(1);
    await first.shutdown(1000);
    expect(log().at(-1)).toMatch(/^error the last push to .* was not accepted; its deltas are lost, unless this is a reload$/);
    server.fate = 'taken';
    const second = await start({ timeout: '3s' }, server.port);
    second.consume(tick(30, [ruleDrop(5, 420)], { losses: [{ slot: 'nested', count: 1 }] }));
    await expect.poll(() => sums(server, { deduplicates: true }), PATIENT).toEqual({ IPTABLE_RULE_DROP: 12 });
    const lost = server.messages
      .filter(({ fate }) => fate === 'taken')
      .flatMap(({ points }) => points.filter(({ metric }) => metric === 'dropreason.receiver.lost'))
      .map(({ value }) => value);
    expect(lost).toEqual([2, 1]);
  });

  test('under other names they begin at the reload', async () => {
    const { server, start } = await lab();
    const first = await start();
    first.consume(tick(10, [ruleDrop(3, 252)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    await first.shutdown(1000);
    const second = await start({ metric_names: 'retina' });
    second.consume(tick(20, [ruleDrop(5, 420)]));
    await expect.poll(() => server.messages.length, PATIENT).toBe(2);
    expect(server.messages[1]?.points[0]).toMatchObject({ metric: 'networkobservability_drop_count', value: 5 });
  });

  test('of counts that an earlier process has left, they begin at the read that finds them', async () => {
    const { server, start } = await lab();
    const exporter = await start();
    exporter.consume(
      tick(10, [ruleDrop(1000, 84_000)], { trigger: 'request', inherited: true, losses: [{ slot: 'nested', count: 9 }] }),
    );
    exporter.consume(tick(20, [ruleDrop(4, 336), row({ reason: 'A' }, 1, 1)], { losses: [{ slot: 'nested', count: 1 }] }));
    await expect.poll(() => server.messages.length, PATIENT).toBe(1);
    expect(drops(server.messages[0])).toEqual([
      [4, 10, 20],
      [1, 10, 20],
    ]);
    expect(server.messages[0]?.points.at(-1)).toMatchObject({ metric: 'dropreason.receiver.lost', value: 1 });
  });
});
