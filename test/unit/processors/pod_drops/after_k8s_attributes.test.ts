import { expect, test } from 'vitest';
import type { SourceState } from '../../../../src/component/host.ts';
import { configSchema as k8sSchema } from '../../../../src/processors/k8s_attributes/config.ts';
import { K8sAttributes } from '../../../../src/processors/k8s_attributes/processor.ts';
import type { Watched } from '../../../../src/processors/k8s_attributes/resources.ts';
import { configSchema } from '../../../../src/processors/pod_drops/config.ts';
import { PodDrops } from '../../../../src/processors/pod_drops/processor.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { Sink, START_MILLIS } from '../../../support/rows.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';

const podObject = (name: string, podIP: string, phase = 'Running') => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' },
  spec: { nodeName: 'node-1' },
  status: { phase, podIP, podIPs: [{ ip: podIP }], startTime: '2026-01-02T03:04:05Z' },
});

/** Both processors in a row, told of pods by hand. `settings` are what a reload keeps. */
async function pipeline(settings = { k8s: makeSettings('k8s_attributes'), pods: makeSettings('pod_drops') }) {
  const sink = new Sink();
  const podDrops = new PodDrops(settings.pods, configSchema.parse({ labels: ['podname'], metric_expiration: '60s' }), sink);
  let watched: readonly Watched[] = [];
  const state: SourceState = { source: '', state: 'synced', ageMillis: 0, why: '' };
  const attributes = new K8sAttributes(settings.k8s, k8sSchema.parse({}), podDrops, {
    connect: async (given) => {
      watched = given;
      const stop = async () => {};
      return given.map(() => ({
        start() {},
        stop,
        synced: Promise.resolve(),
        inStep: true,
        behindMillis: 0,
        state: () => state,
      }));
    },
  });
  const pods = () => watched.find(({ name }) => name === 'pods') as Watched;
  const put = (object: ReturnType<typeof podObject>) => {
    pods().use(({ record }, events) => {
      const made = record(object);
      if (made !== undefined) events.set(made);
    });
  };
  const remove = (name: string) => pods().use((_, events) => events.deleted(`uid-${name}`));
  /** What a read some seconds after the start, of a drop to each of these addresses, makes of pods. */
  const read = (seconds: number, ...to: readonly string[]) => {
    const flows = to.map((address) => flow('10.0.0.1', address));
    attributes.consume(flowBatch(flows, { timeMillis: START_MILLIS + seconds * 1000 }));
    const { rows = [], ended = [] } = sink.batches.at(-1)?.pods ?? {};
    const names = (sets: readonly { get(name: string): unknown }[]) => sets.map((set) => set.get('k8s.pod.name'));
    return { to: names(rows.map((row) => row.attributes)), ended: names(ended), since: sink.batches.at(-1)?.pods?.sinceMillis };
  };
  await attributes.start(quietHost);
  return { settings, put, remove, read, handOver: () => attributes.handOver(100) };
}

test('the series of a pod that was deleted, or has finished, end; that of another does not', async () => {
  const { put, remove, read } = await pipeline();
  for (const [name, ip] of [
    ['deleted', '10.0.0.2'],
    ['finished', '10.0.0.3'],
    ['alive', '10.0.0.4'],
    ['source', '10.0.0.1'],
  ] as const) {
    put(podObject(name, ip));
  }
  expect(read(1, '10.0.0.2', '10.0.0.3', '10.0.0.4').to).toEqual(['source', 'deleted', 'finished', 'alive']);
  remove('deleted');
  put(podObject('finished', '10.0.0.3', 'Succeeded'));
  expect(read(2).ended).toEqual([]);
  expect(read(61).ended).toEqual([]);
  expect(read(62).ended.toSorted()).toEqual(['deleted', 'finished']);
  expect(read(10_000).ended).toEqual([]);
});

test('the series of a pod end that was deleted during a reload', async () => {
  const before = await pipeline();
  before.put(podObject('source', '10.0.0.1'));
  before.put(podObject('gone', '10.0.0.2'));
  before.read(1, '10.0.0.2');
  await before.handOver();
  const after = await pipeline(before.settings);
  after.put(podObject('source', '10.0.0.1'));
  after.read(2);
  expect(after.read(62).ended).toEqual(['gone']);
});

test('drops that have waited for their pod are told to be as old as they are', async () => {
  const { put, read } = await pipeline();
  put(podObject('source', '10.0.0.1'));
  expect(read(1)).toMatchObject({ since: undefined });
  expect(read(2, '10.0.0.2')).toMatchObject({ to: [] });
  read(3);
  put(podObject('late', '10.0.0.2'));
  expect(read(4)).toMatchObject({ to: ['source', 'late'], since: START_MILLIS + 1000 });
});
