import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { VERSION } from '../../../src/component/version.ts';
import { configSchema } from '../../../src/exporters/otlp_grpc/config.ts';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { GrpcCarrier } from '../../../src/otlp/grpc/carrier.ts';
import { NewestCounters } from '../../../src/otlp/outbox.ts';
import { Pusher } from '../../../src/otlp/pusher.ts';
import type { SendResult } from '../../../src/otlp/send_result.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { NAMINGS } from '../../../src/publish/naming.ts';
import { batch, makeService, ruleDrop } from '../metrics/fixtures.ts';
import { OtlpServer } from './grpc/otlp_server.ts';

const HOUR = 3_600_000;
const service = makeService();
const accumulator = new DropAccumulator();
accumulator.add(batch([ruleDrop(1, 84)]));
const publisher = new DropPublisher({
  accumulator,
  naming: NAMINGS.opentelemetry,
  resource: service.settings('otlp_grpc').resource,
});
const config = (given: object) => configSchema.parse({ endpoint: '127.0.0.1:1', tls: { insecure: true }, ...given });

afterEach(() => {
  vi.useRealTimers();
});

describe('where the clock is set', () => {
  it('an attempt still ends: gRPC turns its deadline into a timer at once', async () => {
    const server = await new OtlpServer().start();
    server.answer = 'hang';
    const client = await GrpcCarrier.create(
      config({ endpoint: `127.0.0.1:${server.port}`, timeout: '300ms' }),
      service.settings('otlp_grpc').logger,
      VERSION,
    );
    try {
      const metrics = await publisher.collect();
      vi.useFakeTimers({ toFake: ['Date'] });
      const sent = client.send(metrics);
      vi.setSystemTime(Date.now() - HOUR);
      expect(await sent).toMatchObject({ status: 'retryable' });
    } finally {
      client.close();
      server.stop();
    }
  });

  it.each([HOUR, -HOUR])('retries go on for max_elapsed_time, and no longer: by %i ms', async (setMillis) => {
    vi.useFakeTimers();
    const settings = service.settings(`otlp_grpc/${setMillis}`);
    const { retry_on_failure } = config({
      retry_on_failure: { initial_interval: '5s', max_interval: '5s', max_elapsed_time: '60s' },
    });
    const attempts: number[] = [];
    const send = (): Promise<SendResult> => {
      attempts.push(performance.now());
      if (attempts.length === 3) vi.setSystemTime(Date.now() + setMillis);
      return Promise.resolve({ status: 'retryable', why: 'not now' });
    };
    const pusher = new Pusher(
      settings,
      { address: '127.0.0.1:1', configPath: 'exporters::otlp_grpc', retry_on_failure },
      { collect: () => publisher.collect(), outbox: new NewestCounters(), send },
    );
    pusher.push();
    for (let second = 0; second < 300; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      await turn();
    }
    const lasted = (attempts.at(-1) as number) - (attempts[0] as number);
    expect(attempts.length).toBeGreaterThan(7);
    expect(lasted).toBeLessThanOrEqual(60_000);
  });
});
