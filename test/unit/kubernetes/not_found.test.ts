import { describe, expect, test, vi } from 'vitest';
import { type Follower, follow } from '../../support/kube_api/follower.ts';

const until = (what: () => void) => vi.waitFor(what, { timeout: 10_000, interval: 5 });
const watching = ({ api }: Follower) => until(() => expect(api.watches()).toBe(1));
const said = ({ lines }: Follower) => lines.filter(({ level }) => level !== 'debug').map(({ msg }) => msg);

const REPLICASETS = { name: 'replicasets', path: '/apis/apps/v1/replicasets' };
const NOT_FOUND = { kind: 'status', code: 404 } as const;

describe('404 to a list', () => {
  test('of pods is a fault at once, and soon tried again', async () => {
    const follower = await follow(['a'], { prepare: (api) => api.fault(NOT_FOUND), timing: { absentMillis: 3_600_000 } });
    await until(() => expect(follower.api.requests.length).toBeGreaterThan(3));
    expect(follower.listWatch.inStep).toBe(false);
    expect(follower.listWatch.behindMillis).toBe(Number.POSITIVE_INFINITY);
    expect(follower.listWatch.state()).toMatchObject({ state: 'retrying', why: 'the API server returned 404: injected failure' });
    expect(said(follower)).toEqual([
      "can't list pods: the API server returned 404: injected failure; retrying, no objects known yet",
    ]);
    expect(follower.told).toEqual([]);
    follower.api.heal();
    await follower.listWatch.synced;
    expect(follower.names()).toEqual(['a']);
  });

  test('of pods is logged the first time, though it is gone the next', async () => {
    const follower = await follow(['a'], { prepare: (api) => api.fault({ ...NOT_FOUND, times: 1 }) });
    await follower.listWatch.synced;
    expect(said(follower)[0]).toMatch(/^can't list pods: the API server returned 404/);
  });

  test('of a kind that may be missing is a failure while discovery returns 404 too', async () => {
    const follower = await follow([], {
      ...REPLICASETS,
      prepare: (api) => {
        api.put('replicasets', { metadata: { name: 'web' } });
        api.fault(NOT_FOUND);
      },
      timing: { absentMillis: 3_600_000 },
    });
    await until(() => expect(follower.api.requests.filter(({ verb }) => verb === 'get').length).toBeGreaterThan(3));
    expect(follower.listWatch.inStep).toBe(false);
    expect(said(follower)[0]).toMatch(/^can't list replicasets: the API server returned 404/);
    follower.api.heal();
    await follower.listWatch.synced;
    expect(follower.names()).toEqual(['web']);
  });

  test('of a kind that discovery says is there is a fault', async () => {
    const follower = await follow([], {
      ...REPLICASETS,
      prepare: (api) => api.fault({ ...NOT_FOUND, resource: 'replicasets' }),
      timing: { absentMillis: 3_600_000 },
    });
    await until(() => expect(follower.api.requests.filter(({ verb }) => verb === 'list').length).toBeGreaterThan(3));
    expect(follower.listWatch.state().state).toBe('retrying');
  });

  test.each([
    ['replicasets', ['replicasets'], []],
    // Discovery knows other resources of that version.
    ['pods', ['pods'], ["can't list pods: the API server returned 404"]],
  ])('of %s, which the cluster does not have', async (name, absent, lines) => {
    const path = name === 'pods' ? '/api/v1/pods' : REPLICASETS.path;
    const follower = await follow([], { name, path, api: { absent } });
    const state = lines.length === 0 ? 'absent' : 'retrying';
    await until(() => expect(follower.listWatch.state().state).toBe(state));
    expect(follower.listWatch.inStep).toBe(state === 'absent');
    expect(said(follower).map((line) => line.replace(/(?<=404): .*/, ''))).toEqual(lines);
  });

  test('of a kind that has gone: its objects are gone too', async () => {
    const absent: string[] = [];
    const follower = await follow([], {
      ...REPLICASETS,
      api: { absent },
      prepare: (api) => api.put('replicasets', { metadata: { name: 'web' } }),
    });
    await watching(follower);
    absent.push('replicasets');
    follower.api.closeWatches();
    await until(() => expect(follower.told).toEqual(['replaced 1', 'replaced 0']));
    expect(follower.listWatch.state().state).toBe('absent');
  });
});

test('404 to a watch keeps the known state, and continues from there', async () => {
  const follower = await follow(['a']);
  await watching(follower);
  follower.api.fault({ ...NOT_FOUND, times: 3 });
  follower.api.closeWatches();
  await until(() => expect(follower.listWatch.state().state).toBe('retrying'));
  follower.api.put('pods', { metadata: { name: 'b' } });
  await until(() => expect(follower.names()).toEqual(['a', 'b']));
  expect(follower.api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1);
});
