import { describe, expect, test } from 'vitest';
import { flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { podObject } from '../../../support/kube_objects.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';
import { Stage, told } from './stage.ts';

const A = podObject('a', { ips: ['10.0.0.1'] });
const B = podObject('b', { ips: ['10.0.0.2'] });
const NOTHING = flowBatch([]);
const TO_B = flowBatch([flow('10.0.0.1', '10.0.0.2', { drops: 3 })]);
const WITHOUT_LABEL = {};
const WITH_LABEL = { extract: { labels: [{ key: 'app' }] } };

/** One that knows A and hands over to another, which has started. */
async function reload({ before = WITHOUT_LABEL, after = before }: { before?: object; after?: object } = {}) {
  const settings = makeSettings('k8s_attributes');
  const old = new Stage(before, { settings });
  const started = old.processor.start(quietHost);
  await new Promise((resolve) => setImmediate(resolve));
  old.put('pods', A);
  await old.syncedNow();
  await started;
  old.consume(NOTHING);
  const next = new Stage(after, { settings });
  const begin = async () => {
    await old.processor.handOver(100);
    await next.processor.start(quietHost);
  };
  return { settings, old, next, begin };
}

const isWatching = (stage: Stage) => [...stage.informers.values()].every(({ isStopped }) => !isStopped);

describe('at a reload', () => {
  test('a flow that waits goes to the pod that comes while nobody has begun', async () => {
    const { old, next, begin } = await reload();
    old.consume(TO_B);
    await begin();
    old.put('pods', B);
    expect(told(next.consume(NOTHING))).toEqual(['a -> b: 3']);
    expect(old.sink.batches.flatMap(told)).toEqual([]);
  });

  test('what is read before the next one begins still goes to the pods that come meanwhile, or waits', async () => {
    const { old, next, begin } = await reload();
    await begin();
    old.put('pods', B);
    expect(told(old.consume(TO_B))).toEqual(['a -> b: 3']);
    old.consume(flowBatch([flow('10.0.0.1', '10.0.0.3')]));
    old.put('pods', podObject('c', { ips: ['10.0.0.3'] }));
    expect(told(next.consume(NOTHING))).toEqual(['a -> c: 1']);
    expect(told(next.consume(NOTHING))).toEqual([]);
  });

  test('an address that another pod takes meanwhile is that one’s', async () => {
    const { old, next, begin } = await reload();
    old.put('pods', B);
    await begin();
    old.remove('pods', 'uid-b');
    old.put('pods', podObject('c', { ips: ['10.0.0.2'] }));
    next.put('pods', A);
    next.put('pods', B);
    expect(told(next.consume(TO_B))).toEqual(['a -> c: 3']);
  });

  test('its time goes on, and no more: the world is told of no later for it', async () => {
    const { old, next, begin } = await reload();
    old.consume(flowBatch([flow('10.0.0.1', '1.1.1.1')]));
    await begin();
    next.nowMillis += 4_999;
    expect(told(next.consume(NOTHING))).toEqual([]);
    next.nowMillis += 1;
    expect(told(next.consume(NOTHING))).toEqual(['a -> world: 1']);
  });

  test('series are told to be as old as the read before the drops, not as the receiver', async () => {
    const { old, next, begin } = await reload();
    const at = (seconds: number, ...flows: Parameters<typeof flowBatch>[0]) =>
      flowBatch(flows, { timeMillis: TO_B.timeMillis + seconds * 1_000 });
    old.consume(at(60));
    await begin();
    next.consume(at(62, flow('10.0.0.1', '10.0.0.2')));
    old.put('pods', B);
    expect(next.consume(at(64)).flows?.sinceMillis).toBe(TO_B.timeMillis + 60_000);
  });

  test('the lists and watches of before end when the new ones are as current, and not earlier', async () => {
    const { old, next, begin } = await reload();
    await begin();
    next.put('pods', A);
    next.consume(NOTHING);
    expect(isWatching(old)).toBe(true);
    await next.syncedNow();
    for (const informer of next.informers.values()) informer.behind = 1;
    next.consume(NOTHING);
    expect(isWatching(old)).toBe(true);
    for (const informer of next.informers.values()) informer.behind = 0;
    next.consume(NOTHING);
    expect(isWatching(old)).toBe(false);
    next.put('pods', B);
    old.put('pods', podObject('late', { ips: ['10.0.0.3'] }));
    next.consume(flowBatch([flow('10.0.0.2', '10.0.0.3')]));
    next.nowMillis += 10_000;
    expect(told(next.consume(TO_B))).toEqual(['b -> world: 1', 'a -> b: 3']);
  });

  test('a pod that was deleted a moment before is known for as long as without one, and has ended once', async () => {
    const { old, next, begin } = await reload();
    old.put('pods', B);
    old.remove('pods', 'uid-b');
    await begin();
    next.put('pods', podObject('c', { ips: ['10.0.0.3'] }));
    next.remove('pods', 'uid-c');
    await next.syncedNow();
    next.put('pods', A);
    const handed = next.consume(TO_B);
    expect(told(handed)).toEqual(['a -> b: 3']);
    expect(handed.flows?.endedPods?.toSorted()).toEqual(['uid-b', 'uid-c']);
    next.nowMillis += 120_000;
    next.consume(TO_B);
    next.nowMillis += 10_000;
    const last = next.consume(NOTHING);
    expect(told(last)).toEqual(['a -> world: 3']);
    expect(last.flows?.endedPods).toBeUndefined();
  });

  test('a pod that the new lists don’t have has ended', async () => {
    const { old, next, begin } = await reload();
    old.put('pods', B);
    await begin();
    next.put('pods', A);
    await next.syncedNow();
    expect(next.consume(NOTHING).flows?.endedPods).toEqual(['uid-b']);
  });

  test.each([0, 3])('the new one need not wait for its lists, after %i that never got any', async (away) => {
    const { settings, old, next, begin } = await reload({
      before: { wait_for_metadata: true, wait_for_metadata_timeout: '20ms' },
    });
    await begin();
    const idle: Stage[] = [];
    for (let round = 0; round < away; round++) {
      const stage = new Stage({}, { settings });
      await stage.processor.start(quietHost);
      if (round > 0) stage.consume(NOTHING);
      await stage.processor.handOver(100);
      idle.push(stage);
    }
    expect(idle.some(isWatching)).toBe(false);
    old.put('pods', B);
    expect(told(next.consume(TO_B))).toEqual(['a -> b: 3']);
  });

  test('nothing is handed on of a cluster that was never known', async () => {
    const settings = makeSettings('k8s_attributes');
    const old = new Stage({}, { settings });
    await old.processor.start(quietHost);
    old.consume(TO_B);
    await old.processor.handOver(100);
    expect(isWatching(old)).toBe(false);
    const next = new Stage({}, { settings });
    await next.processor.start(quietHost);
    await next.syncedNow();
    next.put('pods', A);
    next.put('pods', B);
    expect(told(next.consume(NOTHING))).toEqual(['a -> b: 3']);
  });
});

describe('at a reload that shows something else', () => {
  const labelled = { before: WITHOUT_LABEL, after: WITH_LABEL };
  const app = (batch: ReturnType<typeof flowBatch>) =>
    rowsOf(batch.flows).map(({ source, destination }) => {
      return [source, destination].map(({ attributes }) => attributes.get('k8s.pod.labels.app'));
    });

  test('all flows wait for the new lists, and show what is asked for now', async () => {
    const { old, next, begin } = await reload(labelled);
    old.consume(TO_B);
    await begin();
    old.put('pods', B);
    expect(told(next.consume(flowBatch([flow('10.0.0.1', '10.0.0.1')])))).toEqual([]);
    next.put('pods', podObject('a', { ips: ['10.0.0.1'], labels: { app: 'shop' } }));
    next.put('pods', podObject('b', { ips: ['10.0.0.2'], labels: { app: 'cart' } }));
    expect(told(next.consume(NOTHING))).toEqual([]);
    await next.syncedNow();
    const handed = next.consume(NOTHING);
    expect(told(handed)).toEqual(['a -> b: 3', 'a -> a: 1']);
    expect(app(handed)).toEqual([
      ['shop', 'cart'],
      ['shop', 'shop'],
    ]);
  });

  test('a flow whose time is over before they come shows what it did, and the world is the world', async () => {
    const { old, next, begin } = await reload(labelled);
    await begin();
    old.put('pods', B);
    next.consume(flowBatch([flow('10.0.0.1', '10.0.0.2'), flow('10.0.0.1', '1.1.1.1')]));
    next.nowMillis += 10_000;
    expect(told(next.consume(NOTHING))).toEqual(['a -> b: 1', 'a -> world: 1']);
  });

  test('the start waits for the lists, and where they don’t come, the one before goes on', async () => {
    const waits = { wait_for_metadata: true, wait_for_metadata_timeout: '20ms' };
    const { settings, old, next, begin } = await reload({ before: waits, after: { ...waits, ...WITH_LABEL } });
    old.consume(TO_B);
    await expect(begin()).rejects.toThrow('wait_for_metadata');
    await next.processor.handOver(100);
    expect([isWatching(old), isWatching(next)]).toEqual([true, false]);
    const restored = new Stage(waits, { settings });
    await restored.processor.start(quietHost);
    old.put('pods', B);
    expect(told(restored.consume(NOTHING))).toEqual(['a -> b: 3']);
    expect(next.sink.batches).toEqual([]);
  });

  test('pods that are not asked for any more end, and are forgotten', async () => {
    const { old, next, begin } = await reload({ before: {}, after: { filter: { namespace: 'cart' } } });
    old.put('pods', B);
    await begin();
    await next.syncedNow();
    const handed = next.consume(TO_B);
    expect(handed.flows?.endedPods?.toSorted()).toEqual(['uid-a', 'uid-b']);
    next.nowMillis += 10_000;
    expect(told(next.consume(NOTHING))).toEqual(['world -> world: 3']);
  });
});

describe('the end', () => {
  test('of one that has not begun hands on what waits, and ends all lists and watches', async () => {
    const { old, next, begin } = await reload();
    old.consume(TO_B);
    await begin();
    old.put('pods', B);
    await next.processor.shutdown(100);
    expect(next.sink.batches.map(told)).toEqual([['a -> b: 3']]);
    expect([isWatching(old), isWatching(next)]).toEqual([false, false]);
    // The receiver reads once more, for the graph that it still feeds.
    old.consume(flowBatch([flow('10.0.0.1', '1.1.1.1')]));
    await next.processor.shutdown(100);
    expect(next.sink.batches.flatMap(told)).toHaveLength(2);
  });

  test('of one that has begun ends those of before too', async () => {
    const { old, next, begin } = await reload();
    await begin();
    next.consume(NOTHING);
    await next.processor.shutdown(100);
    expect([isWatching(old), isWatching(next)]).toEqual([false, false]);
  });

  test('of the series (another beginning of the counts) has what waits in those that end', async () => {
    const { old, next, begin } = await reload();
    old.consume(TO_B);
    await begin();
    next.consume({ ...NOTHING, anew: true });
    expect(next.sink.batches.map((batch) => [batch.anew, told(batch)])).toEqual([
      [undefined, ['a -> world: 3']],
      [true, []],
    ]);
  });
});
