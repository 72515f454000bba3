import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TIMING } from '../../../../../src/processors/k8s_attributes/api/timing.ts';
import type { ApiRequest, FakeKubeApi, Fault } from '../../../../support/kube_api/fake_kube_api.ts';
import { follow, pod } from '../../../../support/kube_api/follower.ts';

const MOST_PER_MINUTE = 60;
const MINUTE_MILLIS = 60_000;

/** Each befalls an API of its own, once the first list has been read. */
const FAULTS: Readonly<Record<string, readonly Fault[] | ((api: FakeKubeApi) => void)>> = {
  'watches closed at once': [{ kind: 'close' }],
  'one event and then closed': [{ kind: 'close_after_event' }],
  '410 in a loop, as a status': [{ kind: 'gone', as: 'status' }],
  '410 in a loop, as an event': [{ kind: 'gone', as: 'event' }],
  '410, and every further page of a list': [
    { kind: 'gone', as: 'event' },
    { kind: 'gone', verb: 'list' },
  ],
  500: [{ kind: 'status', code: 500 }],
  '500 to lists, 410 to watches': [
    { kind: 'gone', as: 'status' },
    { kind: 'status', code: 500, verb: 'list' },
  ],
  'slow lists': [
    { kind: 'gone', as: 'status' },
    { kind: 'slow', millis: 3000, verb: 'list' },
  ],
  'half-open watches': [{ kind: 'half_open', verb: 'watch' }],
  'half-open lists': [
    { kind: 'gone', as: 'event' },
    { kind: 'half_open', verb: 'list' },
  ],
  resets: [{ kind: 'reset' }],
  'an expired token': (api) => api.rotateToken({ write: false }),
  'a missing token file': (api) => {
    rmSync(api.tokenFile);
    api.rotateToken({ write: false });
  },
  403: [{ kind: 'status', code: 403 }],
  404: [{ kind: 'status', code: 404 }],
  '429 without a time': [{ kind: 'status', code: 429 }],
  '429 with one': [{ kind: 'status', code: 429, retryAfterSeconds: 1 }],
  duplicates: [{ kind: 'duplicates' }],
  reordering: [{ kind: 'reordering' }],
  'one after the other': Array.from({ length: 50 }, (): Fault[] => [
    { kind: 'close', times: 1 },
    { kind: 'gone', as: 'event', times: 1 },
    { kind: 'close_after_event', times: 1 },
    { kind: 'status', code: 401, times: 1 },
    { kind: 'gone', as: 'status', times: 1 },
    { kind: 'reset', times: 1 },
  ]).flat(),
};

/** What is tried again after a minute or more. */
const ONCE = /^40[34]$/;
/** A missing token file lets no request be made, and a watch is a good one however often its events come. */
const NONE = /token file|duplicates|reordering/;

/** Requests in the busiest minute, pages not counted. */
function busiestMinute(requests: readonly ApiRequest[]): number {
  const times = requests.filter(({ isPage }) => !isPage).map(({ atMillis }) => atMillis);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE_MILLIS).length));
}

test(
  'no fault brings more than 60 requests a minute, and each is tried again',
  async () => {
    const all = await Promise.all(
      Object.entries(FAULTS).map(async ([name, faults]) => {
        // As in the agent, but for deadlines: the shorter they are, the more often it tries.
        const timing = { ...TIMING, pageMillis: 1000, openMillis: 1000, idleMillis: 1000 };
        const follower = await follow(
          Array.from({ length: 600 }, (_, at) => `pod-${at}`),
          { timing, api: { bookmarkMillis: 500 } },
        );
        await follower.listWatch.synced;
        const before = follower.api.requests.length;
        if (typeof faults === 'function') faults(follower.api);
        else for (const fault of faults) follower.api.fault(fault);
        follower.api.closeWatches();
        return { name, follower, requests: () => follower.api.requests.slice(before) };
      }),
    );
    const end = performance.now() + MINUTE_MILLIS + 5000;
    for (let step = 0; performance.now() < end; step += 1) {
      for (const { follower } of all) follower.api.put('pods', pod(`pod-${step % 700}`, { step: `${step}` }));
      await sleep(200);
    }
    for (const { name, follower, requests } of all) {
      const made = busiestMinute(requests());
      expect(made, name).toBeLessThanOrEqual(MOST_PER_MINUTE);
      expect(made, name).toBeGreaterThanOrEqual(ONCE.test(name) ? 1 : NONE.test(name) ? 0 : 2);
      expect(follower.known.size, name).toBeGreaterThanOrEqual(600);
    }
  },
  MINUTE_MILLIS + 40_000,
);
