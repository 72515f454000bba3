import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { type Follower, follow, pod } from '../../support/kube_api/follower.ts';
import type { LogLine } from '../../support/settings.ts';

const until = (what: () => void) => vi.waitFor(what, { timeout: 10_000, interval: 5 });
const watching = ({ api }: Follower) => until(() => expect(api.watches()).toBe(1));
const said = (lines: readonly LogLine[]) => lines.filter(({ level }) => level !== 'debug').map(({ msg }) => msg);
const counted = ({ api }: Follower, verb: 'list' | 'watch') =>
  api.requests.filter((request) => request.verb === verb && !request.isPage).length;

describe('in sync', () => {
  test('lists once, then watches, and reports changes', async () => {
    const follower = await follow(['a', 'b']);
    const { api, listWatch, told, names } = follower;
    await listWatch.synced;
    expect(told).toEqual(['replaced 2']);
    await watching(follower);
    api.put('pods', pod('c'));
    api.put('pods', pod('a', { tier: 'web' }));
    api.remove('pods', 'shop/b');
    await until(() => expect(told).toEqual(['replaced 2', 'set c', 'set a', 'deleted b']));
    expect(names()).toEqual(['a', 'c']);
    expect(listWatch.inStep).toBe(true);
    expect(listWatch.state()).toMatchObject({ source: 'pods', state: 'synced', why: '' });
    expect(listWatch.state().ageMillis).toBeLessThan(60_000);
    expect(api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch']);
    expect(api.requests[1]?.query).toMatchObject({ allowWatchBookmarks: 'true', resourceVersion: '1002' });
    expect(said(follower.lines)).toEqual([]);
  });

  test('reads a long list in pages, and reports it when it is complete', async () => {
    const names = Array.from({ length: 1200 }, (_, at) => `pod-${at}`);
    const { api, listWatch, told, known } = await follow(names);
    await listWatch.synced;
    expect(told).toEqual(['replaced 1200']);
    expect(known.size).toBe(1200);
    const lists = api.requests.filter(({ verb }) => verb === 'list');
    expect(lists.map(({ isPage, query }) => [isPage, query.limit])).toEqual([
      [false, '500'],
      [true, '500'],
      [true, '500'],
    ]);
  });

  test('asks with its selectors, and an object that leaves the selection is deleted, and may come back', async () => {
    const query = { fieldSelector: 'spec.nodeName=worker-1', labelSelector: 'tier=web' };
    const follower = await follow([], {
      path: '/api/v1/namespaces/shop/pods',
      query,
      prepare: (api) => {
        api.put('pods', pod('here', { tier: 'web' }));
        api.put('pods', pod('there', { tier: 'web' }, 'worker-2'));
        api.put('pods', pod('else', { tier: 'db' }));
      },
    });
    await watching(follower);
    expect(follower.names()).toEqual(['here']);
    follower.api.put('pods', pod('here', { tier: 'db' }));
    await until(() => expect(follower.told).toContain('deleted here'));
    follower.api.put('pods', pod('here', { tier: 'web' }));
    await until(() => expect(follower.names()).toEqual(['here']));
    for (const request of follower.api.requests) expect(request).toMatchObject({ query, path: '/api/v1/namespaces/shop/pods' });
  });

  test('objects that are not of interest are not reported, and are deleted if they were', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    follower.api.put('pods', pod('b', { ignored: 'true' }));
    follower.api.put('pods', pod('a', { ignored: 'true' }));
    follower.api.put('pods', pod('a'));
    await until(() => expect(follower.told).toEqual(['replaced 1', 'deleted a', 'set a']));
  });

  test('a resource that the cluster does not have is empty', async () => {
    const path = '/apis/retina.sh/v1alpha1/metricsconfigurations';
    const { listWatch, told, lines } = await follow([], { name: 'metricsconfigurations', path });
    await listWatch.synced;
    expect(told).toEqual(['replaced 0']);
    await until(() => expect(listWatch.state().state).toBe('absent'));
    expect(listWatch.inStep).toBe(true);
    expect(said(lines)).toEqual([]);
  });

  test.each([true, false])('one connection for the list and the watch (HTTP/2 %s), and none after stop', async (http2) => {
    const follower = await follow(['a'], { api: { http2 } });
    await watching(follower);
    expect(follower.api.connections).toBe(1);
    await follower.listWatch.stop();
    await until(() => expect(follower.api.connections).toBe(0));
    expect(follower.listWatch.state().state).toBe('stopped');
    const asked = follower.api.requests.length;
    follower.api.put('pods', pod('b'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(follower.api.requests.length).toBe(asked);
    expect(follower.told).toEqual(['replaced 1']);
  });
});

describe('resuming', () => {
  test('from the last event, without a list', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    const { metadata } = follower.api.put('pods', pod('b'));
    await until(() => expect(follower.told).toContain('set b'));
    follower.api.closeWatches();
    follower.api.put('pods', pod('c'));
    await until(() => expect(follower.told).toEqual(['replaced 1', 'set b', 'set c']));
    expect(counted(follower, 'list')).toBe(1);
    expect(follower.api.requests.at(-1)?.query.resourceVersion).toBe(metadata.resourceVersion);
    expect(said(follower.lines)).toEqual([]);
  });

  test('from the last bookmark, if nothing else was received', async () => {
    const follower = await follow(['a'], { api: { bookmarkMillis: 10 } });
    await watching(follower);
    for (let n = 0; n < 5; n += 1) follower.api.put('nodes', { metadata: { name: `n${n}` } });
    // After a later bookmark than the watch's first, the next watch resumes from there.
    await until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      follower.api.closeWatches();
      expect(follower.api.requests.at(-1)).toMatchObject({ verb: 'watch', query: { resourceVersion: '1006' } });
    });
    expect(counted(follower, 'list')).toBe(1);
  });

  test('after a reset of the connection', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    follower.api.resetConnections();
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
    expect(counted(follower, 'list')).toBe(1);
  });

  test.each([true, false])('where a connection is half-open (HTTP/2 %s)', async (http2) => {
    const follower = await follow(['a'], { api: { http2 }, timing: { idleMillis: 300 } });
    await watching(follower);
    follower.api.silenceWatches();
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
    expect(counted(follower, 'list')).toBe(1);
  });

  test('bookmarks keep a quiet watch open', async () => {
    const follower = await follow(['a'], { api: { bookmarkMillis: 50 }, timing: { idleMillis: 700 } });
    await watching(follower);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(counted(follower, 'watch')).toBe(1);
  });
});

describe('listing again', () => {
  test.each(['status', 'event'] as const)('where the version is too old, said by %s: what vanished is gone', async (as) => {
    const follower = await follow(['a', 'b']);
    await watching(follower);
    follower.api.fault({ kind: 'gone', as, times: 1 });
    follower.api.closeWatches();
    follower.api.remove('pods', 'shop/b');
    follower.api.put('pods', pod('c'));
    await until(() => expect(follower.told).toEqual(['replaced 2', 'replaced 2']));
    expect(follower.names()).toEqual(['a', 'c']);
    expect(counted(follower, 'list')).toBe(2);
  });

  test('after a compaction', async () => {
    const follower = await follow(['a'], { timing: { idleMillis: 300 } });
    await watching(follower);
    follower.api.silenceWatches();
    follower.api.put('pods', pod('b'));
    follower.api.compact();
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
  });

  test('from the first page, where a continue token has expired', async () => {
    const names = Array.from({ length: 600 }, (_, at) => `pod-${at}`);
    const follower = await follow(names, { prepare: (api) => api.fault({ kind: 'gone', verb: 'list', times: 1 }) });
    await follower.listWatch.synced;
    expect(follower.told).toEqual(['replaced 600']);
    expect(follower.api.requests.filter(({ verb }) => verb === 'list').map(({ isPage }) => isPage)).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('events that come twice or late', () => {
  test('duplicates are reported once', async () => {
    const follower = await follow(['a'], { prepare: (api) => api.fault({ kind: 'duplicates' }) });
    await watching(follower);
    const { metadata } = follower.api.put('pods', pod('b'));
    follower.api.remove('pods', metadata.uid);
    await until(() => expect(follower.told).toEqual(['replaced 1', 'set b', 'deleted b']));
    follower.api.put('pods', pod('last'));
    await until(() => expect(follower.told).toEqual(['replaced 1', 'set b', 'deleted b', 'set last']));
  });

  test('an older version after a newer one changes nothing, and a deleted object does not come back', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    follower.api.fault({ kind: 'reordering' });
    // Sent at once when the watch resumes, newest first.
    follower.api.closeWatches();
    follower.api.put('pods', pod('a', { step: 'first' }));
    follower.api.put('pods', pod('a', { step: 'second' }));
    follower.api.put('pods', pod('gone'));
    follower.api.put('pods', pod('gone', { step: 'second' }));
    follower.api.remove('pods', 'shop/gone');
    await until(() => expect(follower.told).toContain('set a'));
    expect(follower.names()).toEqual(['a']);
    expect([...follower.known.values()][0]?.labels).toEqual({ step: 'second' });
    expect(follower.told).toEqual(['replaced 1', 'set a']);
  });
});

describe('while the API fails', () => {
  test('the last known state is kept, one line reports the failure and one the recovery', async () => {
    const follower = await follow(['a', 'b'], { timing: { inStepMillis: 0 } });
    const { api, listWatch, lines } = follower;
    await watching(follower);
    api.fault({ kind: 'status', code: 500 });
    api.closeWatches();
    await until(() => expect(counted(follower, 'watch')).toBeGreaterThan(6));
    expect(follower.names()).toEqual(['a', 'b']);
    expect(listWatch.inStep).toBe(false);
    expect(listWatch.state()).toMatchObject({ state: 'retrying', why: 'the API server returned 500: injected failure' });
    expect(said(lines)).toEqual([
      "can't watch pods: the API server returned 500: injected failure; retrying, using the last known state",
    ]);
    api.heal();
    await until(() => expect(said(lines).at(-1)).toBe('pods are in sync with the API server again'));
    expect(said(lines).length).toBe(2);
    expect(listWatch.inStep).toBe(true);
    expect(counted(follower, 'list')).toBe(1);
  });

  test('it may be away at the start', async () => {
    const { api, listWatch, lines, names } = await follow(['a'], { prepare: (it) => it.fault({ kind: 'reset' }) });
    await until(() => expect(api.requests.length).toBeGreaterThan(3));
    expect(listWatch.state()).toMatchObject({ state: 'retrying', ageMillis: undefined });
    expect(listWatch.inStep).toBe(false);
    expect(said(lines)[0]).toMatch(/^can't list pods: .*; retrying, no objects known yet$/);
    api.heal();
    await listWatch.synced;
    expect(names()).toEqual(['a']);
  });

  test('403 is logged once with the missing rule, and recovers', async () => {
    const forbid = { kind: 'status', code: 403 } as const;
    const { api, listWatch, lines } = await follow(['a'], { prepare: (it) => it.fault(forbid) });
    await until(() => expect(api.requests.length).toBeGreaterThan(3));
    expect(listWatch.state().state).toBe('forbidden');
    expect(said(lines)).toEqual([
      'can\'t list pods: the API server returned 403: pods is forbidden: User "system:serviceaccount:dropreason:dropreason" ' +
        'cannot list resource "pods" in API group "" at the cluster scope; the ClusterRole needs the rule {apiGroups: [""], ' +
        'resources: ["pods"], verbs: ["list", "watch"]}; no objects known yet',
    ]);
    api.heal();
    await listWatch.synced;
    await until(() => expect(said(lines).at(-1)).toBe('pods are in sync with the API server again'));
  });

  test('403 of a server that has allowed it is retried like any failure: a starting server has not read its rules yet', async () => {
    const follower = await follow(['a'], { timing: { forbiddenMillis: 3_600_000 } });
    await watching(follower);
    follower.api.fault({ kind: 'status', code: 403 });
    follower.api.closeWatches();
    await until(() => expect(follower.listWatch.state().state).toBe('forbidden'));
    follower.api.heal();
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
  });

  test('an expired token is read again at once, without a log line', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    follower.api.rotateToken();
    follower.api.closeWatches();
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
    expect(said(follower.lines)).toEqual([]);
    expect(counted(follower, 'watch')).toBe(3);
  });

  test('a token that stays expired is logged, until the file has a new one', async () => {
    const follower = await follow(['a']);
    await watching(follower);
    const token = follower.api.rotateToken({ write: false });
    follower.api.closeWatches();
    await until(() =>
      expect(said(follower.lines)[0]).toMatch(/^can't watch pods: the API server returned 401: Unauthorized, even with a/),
    );
    follower.api.put('pods', pod('b'));
    writeFileSync(follower.api.tokenFile, token);
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
    expect(said(follower.lines).length).toBeLessThan(3);
  });

  test('a token file that vanishes is logged, and ends nothing', async () => {
    const { rmSync } = await import('node:fs');
    const follower = await follow(['a']);
    await watching(follower);
    const token = readFileSync(follower.api.tokenFile);
    rmSync(follower.api.tokenFile);
    follower.api.rotateToken({ write: false });
    follower.api.closeWatches();
    await until(() => expect(follower.listWatch.state().why).toMatch(/^ENOENT: .*\/token'$/));
    writeFileSync(follower.api.tokenFile, token);
    writeFileSync(follower.api.tokenFile, follower.api.rotateToken());
    follower.api.put('pods', pod('b'));
    await until(() => expect(follower.names()).toEqual(['a', 'b']));
  });

  test.each(['list', 'watch'] as const)('429 to a %s: not before the time that Retry-After names', async (verb) => {
    const prepare: NonNullable<Parameters<typeof follow>[1]>['prepare'] = (api) =>
      api.fault({ kind: 'status', code: 429, retryAfterSeconds: 1, verb, times: 1 });
    const { api } = await follow(['a'], { prepare });
    await until(() => expect(api.requests.filter((request) => request.verb === verb).length).toBe(2));
    const [first, second] = api.requests.filter((request) => request.verb === verb);
    expect((second?.atMillis ?? 0) - (first?.atMillis ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('a list that takes too long is given up and tried again', async () => {
    const follower = await follow(['a'], {
      prepare: (api) => api.fault({ kind: 'half_open', verb: 'list', times: 2 }),
      timing: { pageMillis: 300 },
    });
    await follower.listWatch.synced;
    expect(counted(follower, 'list')).toBeGreaterThanOrEqual(3);
    expect(said(follower.lines)[0]).toMatch(/^can't list pods: no response within 0.3s; retrying/);
  });

  test('stop ends promptly whatever is under way', async () => {
    for (const verb of ['list', 'watch'] as const) {
      const prepare: NonNullable<Parameters<typeof follow>[1]>['prepare'] = (api) =>
        api.fault({ kind: 'slow', millis: 30_000, verb });
      const { api, listWatch } = await follow(['a'], { prepare, timing: { pageMillis: 60_000, openMillis: 60_000 } });
      await until(() => expect(api.requests.some((request) => request.verb === verb)).toBe(true));
      const began = performance.now();
      await listWatch.stop();
      await listWatch.synced;
      expect(performance.now() - began).toBeLessThan(1000);
      await until(() => expect(api.connections).toBe(0));
    }
  });
});
