import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ListWatch } from '../../../src/kubernetes/list_watch.ts';
import { RequestTurns } from '../../../src/kubernetes/request_turns.ts';
import { type ApiRequest, FakeKubeApi, type Fault } from '../../support/kube_api/fake_kube_api.ts';
import { follow, kubeConfigOf, pod, QUICK } from '../../support/kube_api/follower.ts';
import { makeSettings } from '../../support/settings.ts';

/** Replaces the second between two requests of the agent: ten times as fast. */
const TURN_MILLIS = 100;
const MILLIS = 5_000;

/** Each affects its own API, after the first list has been read. */
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

/** What is tried again after longer than that. */
const ONCE = /^403$/;
/** Without a token file no request can be made, and a watch with frequent events is healthy. */
const NONE = /token file|duplicates|reordering/;

/** Requests in the busiest second, without pages. */
function busiestSecond(requests: readonly ApiRequest[]): number {
  const times = requests.filter(({ isPage }) => !isPage).map(({ atMillis }) => atMillis);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

/** A request may be a little late, and the next one on time. */
const MOST = 1000 / TURN_MILLIS + 2;

test(
  'no fault brings more requests than there are turns, and each is tried again',
  async () => {
    const all = await Promise.all(
      Object.entries(FAULTS).map(async ([name, faults]) => {
        // Without backoff, only the turns limit the rate.
        const timing = { ...QUICK, pageMillis: 500, openMillis: 500, idleMillis: 500, forbiddenMillis: 3000 };
        const names = Array.from({ length: 600 }, (_, at) => `pod-${at}`);
        const follower = await follow(names, { timing, turnMillis: TURN_MILLIS, api: { bookmarkMillis: 250 } });
        await follower.listWatch.synced;
        const before = follower.api.requests.length;
        if (typeof faults === 'function') faults(follower.api);
        else for (const fault of faults) follower.api.fault(fault);
        follower.api.closeWatches();
        return { name, follower, requests: () => follower.api.requests.slice(before) };
      }),
    );
    const end = performance.now() + MILLIS;
    for (let step = 0; performance.now() < end; step += 1) {
      for (const { follower } of all) follower.api.put('pods', pod(`pod-${step % 700}`, { step: `${step}` }));
      await sleep(100);
    }
    for (const { name, follower, requests } of all) {
      const made = busiestSecond(requests());
      expect(made, name).toBeLessThanOrEqual(MOST);
      expect(requests().length, name).toBeGreaterThanOrEqual(ONCE.test(name) ? 1 : NONE.test(name) ? 0 : 2);
      expect(follower.known.size, name).toBeGreaterThanOrEqual(600);
    }
  },
  MILLIS + 40_000,
);

const RESOURCES = {
  pods: '/api/v1/pods',
  nodes: '/api/v1/nodes',
  services: '/api/v1/services',
  namespaces: '/api/v1/namespaces',
  endpointslices: '/apis/discovery.k8s.io/v1/endpointslices',
  replicasets: '/apis/apps/v1/replicasets',
  jobs: '/apis/batch/v1/jobs',
};

test('the resources of all processors share the turns, and those that matter most come first', async () => {
  const api = await FakeKubeApi.start();
  api.fault({ kind: 'close' });
  const turns = new RequestTurns(TURN_MILLIS);
  const kubeConfig = await kubeConfigOf(api);
  const { logger } = makeSettings();
  const events = { replaced() {}, set() {}, deleted() {} };
  // Two processors of seven resources each.
  const listWatches = [0, 1].flatMap(() =>
    Object.entries(RESOURCES).map(([name, path], rank) => {
      const resource = { name, path, record: () => undefined };
      return new ListWatch<{ uid: string }>({ kubeConfig, resource, events, logger, timing: QUICK, turns, rank });
    }),
  );
  for (const listWatch of listWatches) listWatch.start();
  await Promise.all(listWatches.map(({ synced }) => synced));
  await sleep(3000);
  await Promise.all(listWatches.map((listWatch) => listWatch.stop()));
  const lists = api.requests.filter(({ verb }) => verb === 'list');
  const watches = api.requests.filter(({ verb }) => verb === 'watch');
  expect(lists).toHaveLength(14);
  expect(watches.length).toBeGreaterThan(10);
  expect(busiestSecond(watches)).toBeLessThanOrEqual(MOST);
  expect(watches.filter(({ resource }) => resource === 'pods').length).toBeGreaterThan(2);
  await api.close();
}, 20_000);

test('pages of a list that are not full wait for their turn too', async () => {
  let pages = 0;
  const body = () => [
    JSON.stringify({ metadata: { resourceVersion: '1', continue: `${pages++}` }, items: [{ metadata: { uid: `${pages}` } }] }),
  ];
  const { api } = await follow([], { turnMillis: TURN_MILLIS, prepare: (it) => it.fault({ kind: 'answer', body }) });
  await sleep(2000);
  const times = api.requests.map(({ atMillis }) => atMillis);
  expect(times.length).toBeGreaterThan(3);
  expect(times.length).toBeLessThanOrEqual(2 * MOST);
});
