import { describe, expect, test } from 'vitest';
import { flow, flowBatch } from '../../../support/flows.ts';
import { START_MILLIS } from '../../../support/rows.ts';
import { makeSettings } from '../../../support/settings.ts';
import { pod, podDrops, WORLD } from './pods.ts';

/** A read some seconds after the start: a drop to each of these pods, and pods that have ended. */
function read(seconds: number, to: readonly string[] = [], ended: readonly string[] = []) {
  return between(
    seconds,
    to.map((name) => [WORLD, pod(name)]),
    ended,
  );
}

type Ends = readonly [ReturnType<typeof pod>, ReturnType<typeof pod>];

function between(seconds: number, ends: readonly Ends[], ended: readonly string[] = []) {
  const given = flowBatch(
    ends.map(([source, destination]) => flow('', '', { source, destination })),
    { timeMillis: START_MILLIS + seconds * 1000 },
  );
  const endedPods = ended.map((name) => `uid-${name}`);
  return { ...given, flows: { ...(given.flows as NonNullable<typeof given.flows>), endedPods } };
}

const local = { labels: ['podname'], metric_expiration: '60s' };
const series = (name: string) => ({ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy', 'k8s.pod.name': name });

describe('a series of pod_drops', () => {
  test('ends metric_expiration after its pod, and not before', () => {
    const { pods } = podDrops(local);
    pods(read(1, ['a', 'b']));
    expect(pods(read(2, [], ['a'])).ended).toEqual([]);
    expect(pods(read(61)).ended).toEqual([]);
    expect(pods(read(62)).ended).toEqual([series('a')]);
    expect(pods(read(100_000)).ended).toEqual([]);
  });

  test('ends as soon whatever the clock is set to', () => {
    const { pods } = podDrops(local);
    const readAt = (seconds: number, clock: number, ...more: string[][]) =>
      pods({ ...read(seconds, ...more), timeMillis: START_MILLIS + clock * 1000 });
    readAt(1, 1, ['a']);
    readAt(2, 7_200, [], ['a']);
    expect(readAt(61, 10_000).ended).toEqual([]);
    expect(readAt(62, -3_600).ended).toEqual([series('a')]);
  });

  test('stays for as long after the last drop that comes late', () => {
    const { pods } = podDrops(local);
    pods(read(1, ['a']));
    pods(read(2, [], ['a']));
    expect(pods(read(50, ['a'])).rows).toHaveLength(1);
    expect(pods(read(62)).ended).toEqual([]);
    expect(pods(read(110)).ended).toEqual([series('a')]);
  });

  test('is begun anew by a drop that comes after it has ended, and ends again', () => {
    const { pods } = podDrops(local);
    pods(read(1, ['a'], ['a']));
    expect(pods(read(61)).ended).toEqual([series('a')]);
    expect(pods(read(62, ['a'])).rows).toMatchObject([{ drops: 1 }]);
    expect(pods(read(122)).ended).toEqual([series('a')]);
  });

  test('never ends with a batch that brings something for it', () => {
    const { pods } = podDrops({ ...local, metric_expiration: '0s' });
    expect(pods(read(1, ['a'], ['a'])).ended).toEqual([]);
    expect(pods(read(2, ['a'])).ended).toEqual([]);
    expect(pods(read(3)).ended).toEqual([series('a')]);
  });

  test('of several pods ends with the last of them', () => {
    const { pods } = podDrops({ ...local, labels: ['namespace'] });
    pods(read(1, ['a', 'b']));
    expect(pods(read(2, [], ['a'])).ended).toEqual([]);
    expect(pods(read(100, [], ['b'])).ended).toEqual([]);
    expect(pods(read(160)).ended).toHaveLength(1);
  });

  test('between two pods ends with the later, and with its one pod where the other side is none', () => {
    const { pods } = podDrops({ context: 'remote', metric_expiration: '60s' });
    const flows: Ends[] = [
      [pod('a'), pod('b')],
      [WORLD, pod('b')],
    ];
    pods(between(1, flows, []));
    expect(pods(between(2, [], ['b'])).ended).toEqual([]);
    expect(pods(between(62, [])).ended).toMatchObject([{ 'source.k8s.pod.name': 'world' }]);
    expect(pods(between(70, [], ['a'])).ended).toEqual([]);
    expect(pods(between(130, [])).ended).toMatchObject([{ 'source.k8s.pod.name': 'a' }]);
  });

  test('makes room for one that went to the overflow', () => {
    const { pods } = podDrops({ ...local, max_series: 1 });
    pods(read(1, ['a']));
    expect(pods(read(2, ['b'], ['a'])).rows).toMatchObject([{ 'otel.metric.overflow': 'true' }]);
    pods(read(62));
    expect(pods(read(63, ['b'])).rows).toMatchObject([{ 'k8s.pod.name': 'b', drops: 1 }]);
  });

  test('is kept over a reload, and ends at once where what is said of pods changes', () => {
    const before = podDrops(local, makeSettings());
    before.pods(read(1, ['a']));
    const after = before.again({ ...local, metric_expiration: '10s' });
    after.pods(read(2, [], ['a']));
    expect(after.pods(read(12)).ended).toEqual([series('a')]);
    after.pods(read(13, ['b']));
    const changed = after.again({ ...local, labels: ['namespace'] });
    expect(changed.pods(read(14, ['b']))).toMatchObject({ rows: [{ 'k8s.namespace.name': 'shop' }], ended: [series('b')] });
  });
});
