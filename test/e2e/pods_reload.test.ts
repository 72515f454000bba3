import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Agent, type File, type PipelineOptions, pipeline } from '../support/agent.ts';
import { ClusterLab } from '../support/cluster_lab.ts';
import { CLUSTER, podObject } from '../support/cluster_objects.ts';
import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { freePort, listen, portOf } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';

/** How much later each list comes that a reload asks for. */
const LIST_MILLIS = 1_500;
const DONE = 'configuration reloaded';

let number = 0;

describe.skipIf(whyNotHere(['ip', 'iptables', 'setpriv', 'cc']) !== undefined)(
  'a pod that comes into being during a reload',
  () => {
    let api: FakeKubeApi;
    let lab: ClusterLab;
    let agent: Agent;
    let [port, own] = [0, 0];

    beforeAll(() => {
      execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
      lab = new ClusterLab();
    });
    afterAll(() => lab?.remove());

    const configuration = (given: Partial<PipelineOptions> & { k8s?: object } = {}): File =>
      pipeline({
        port,
        receiver: { mode: 'advanced' },
        processors: {
          percpu_sum: {},
          k8s_attributes: { auth_type: 'kubeConfig', wait_for_metadata: true, ...given.k8s },
          pod_drops: { context: 'remote', source: ['podname'], destination: ['podname'] },
        },
        metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus: { host: 'localhost', port: own } } } }] },
        ...given,
      });

    beforeEach(async () => {
      api = await FakeKubeApi.start();
      for (const [resource, object] of CLUSTER) api.put(resource, object as never);
      [port, own] = [await freePort(), await freePort()];
      agent = await Agent.start({ port }, { file: () => configuration(), env: { KUBECONFIG: api.kubeConfigFile } });
    });

    afterEach(async () => {
      await agent?.stop();
      await api?.close();
    });

    /** Drops of a1, by the pod they were for. */
    const drops = async () => {
      const series = pick(await agent.scrape(), 'dropreason_pod_drop_count_total', { source_k8s_pod_name: 'a1' });
      return Object.fromEntries(series.map(({ labels, value }) => [labels.destination_k8s_pod_name, value]));
    };
    const pending = async () => sum(pick(await agent.scrape(own), 'dropreason_processor_pending'));
    const fresh = () => `10.244.2.${100 + ++number}`;
    const come = (ip: string) => {
      const { metadata, ...rest } = podObject('b1', { metadata: { name: `pod-${ip}`, uid: `uid-${ip}` } });
      const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: new Date().toISOString() };
      api.put('pods', { metadata, ...rest, status } as never);
    };

    /**
     * Has packets dropped to three pods that nobody knows: one comes into being before the reload has begun but after its drops, one while
     * it is under way, one when it is over. What is read in each of these moments belongs to them, once.
     */
    const drive = async (file: File, done: string) => {
      const [before, during, after] = [fresh(), fresh(), fresh()];
      for (const ip of [before, after]) lab.send('a1', ip, 5);
      await drops();
      expect(await pending()).toBe(10);
      api.fault({ kind: 'slow', verb: 'list', millis: LIST_MILLIS });
      agent.write(file);
      agent.signal('SIGHUP');
      await sleep(100);
      lab.send('a1', during, 3);
      come(before);
      come(during);
      lab.send('a1', during, 4);
      await agent.said(done);
      lab.send('a1', during, 2);
      lab.send('a1', after, 6);
      await drops();
      come(after);
      api.heal();
      return { [`pod-${before}`]: 5, [`pod-${during}`]: 9, [`pod-${after}`]: 11 };
    };

    const withRule = (act: () => Promise<void>) => lab.withRule('a1', 'ipv4', 'OUTPUT -p udp --dport 53 -j DROP', act);
    const settled = { timeout: 4_000, interval: 100 };

    test.each([
      ['of the same configuration', {}],
      ['that changes what is shown', { extract: { labels: [{ key: 'app' }] } }],
    ])('%s has all of its drops, once', async (_, k8s) => {
      await withRule(async () => {
        const due = await drive(configuration({ k8s }), DONE);
        await expect.poll(drops, settled).toEqual(due);
        expect(await pending()).toBe(0);
      });
    });

    test('that attaches anew has the drops of before it', async () => {
      await withRule(async () => {
        const ip = fresh();
        lab.send('a1', ip, 5);
        agent.write(configuration({ receiver: { mode: 'advanced', collection_interval: '2h' } }));
        agent.signal('SIGHUP');
        come(ip);
        await agent.said(DONE);
        await expect.poll(drops, settled).toEqual({ [`pod-${ip}`]: 5 });
      });
    });

    test('that removes k8s_attributes leaves the node’s counters as they are', async () => {
      await withRule(async () => {
        const node = async () => sum(pick(await agent.scrape(), 'dropreason_drop_count_total', { reason: 'IPTABLE_RULE_DROP' }));
        lab.send('a1', fresh(), 5);
        expect(await node()).toBe(5);
        agent.write(configuration({ processors: { percpu_sum: {} } }));
        agent.signal('SIGHUP');
        lab.send('a1', fresh(), 4);
        await agent.said(DONE);
        lab.send('a1', fresh(), 3);
        expect(await node()).toBe(12);
        expect(await pending()).toBe(0);
      });
    });

    test('that fails, since an exporter can’t start, has all of its drops, once', async () => {
      const taken = await listen(() => {});
      try {
        await withRule(async () => {
          const due = await drive(
            configuration({ exporters: { 'prometheus/taken': { endpoint: `localhost:${portOf(taken)}` } } }),
            "can't start, returning to the old one",
          );
          await expect.poll(drops, settled).toEqual(due);
          expect(await pending()).toBe(0);
        });
      } finally {
        taken.close();
      }
    });
  },
);
