import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { NewestCounters } from '../../../src/otlp/outbox.ts';
import { Pusher } from '../../../src/otlp/pusher.ts';
import { retrySettings } from '../../../src/otlp/retry_settings.ts';
import type { SendResult } from '../../../src/otlp/send_result.ts';
import { metrics, service } from './pushed_metrics.ts';

const config = { address: 'collector:4317', configPath: 'exporters::otlp_grpc', retry_on_failure: retrySettings.parse({}) };

describe('a pusher whose last push got no answer in time', () => {
  test.each<[string, SendResult, number]>([
    ['an acknowledgement', { status: 'sent', rejected: 0, message: '' }, 0],
    ['a failure', { status: 'retryable', why: 'away' }, 2],
    ['a refusal', { status: 'refused', about: 'message', cause: 'no', why: 'no' }, 2],
  ])('leaves what the next one has to push alone, where %s comes late', async (_, late, left) => {
    const outbox = new NewestCounters();
    let answer: (result: SendResult) => void = () => {};
    const send = () =>
      new Promise<SendResult>((resolve) => {
        answer = resolve;
      });
    const pusher = new Pusher(service.settings(`otlp_grpc/${late.status}`), config, {
      collect: () => Promise.resolve(metrics),
      outbox,
      send,
    });
    await pusher.finish(200);
    expect(outbox.points).toBe(2);
    answer(late);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(outbox.points).toBe(left);
  });
});
