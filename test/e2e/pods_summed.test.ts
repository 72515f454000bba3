import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Agent, pipeline } from '../support/agent.ts';
import { ClusterLab, PODS } from '../support/cluster_lab.ts';
import { CLUSTER } from '../support/cluster_objects.ts';
import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { pick } from '../support/metrics_text.ts';
import { freePort } from '../support/ports.ts';
import { whyNotHere } from '../support/requirements.ts';

/** Of a datagram. */
const BYTES = 128;

describe.skipIf(whyNotHere(['ip', 'iptables', 'setpriv', 'cc']) !== undefined)('series of pods without an attribute', () => {
  let api: FakeKubeApi;
  let lab: ClusterLab;

  beforeAll(async () => {
    execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
    lab = new ClusterLab();
    api = await FakeKubeApi.start();
    for (const [resource, object] of CLUSTER) api.put(resource, object as never);
  });

  afterAll(async () => {
    await api?.close();
    lab?.remove();
  });

  test('are the exact sums of those that have it', async () => {
    const port = await freePort();
    const configuration = pipeline({
      port,
      receiver: { mode: 'advanced' },
      processors: {
        percpu_sum: {},
        k8s_attributes: { auth_type: 'kubeConfig', wait_for_metadata: true },
        pod_drops: { context: 'local', labels: ['namespace', 'podname'] },
        attributes: {
          actions: [
            { key: 'k8s.pod.name', action: 'delete' },
            { key: 'cluster', action: 'insert', value: 'lab' },
          ],
        },
      },
    });
    const agent = await Agent.start({ port }, { file: () => configuration, env: { KUBECONFIG: api.kubeConfigFile } });
    onTestFinished(async () => void (await agent.stop()));
    /** Of datagrams to a port that nobody listens on. */
    const scrape = async () => {
      const series = await agent.scrape();
      return (['count', 'bytes'] as const).flatMap((unit) =>
        pick(series, `dropreason_pod_drop_${unit}_total`, { reason: 'NO_SOCKET' }).map(({ labels, value }) => {
          const { reason: _, class: __, ...left } = labels;
          return { unit, value, ...left };
        }),
      );
    };
    const due = (drops: number) =>
      (['count', 'bytes'] as const).flatMap((unit) =>
        ['egress', 'ingress'].map((direction) => ({
          unit,
          value: unit === 'count' ? drops : drops * BYTES,
          direction,
          cluster: 'lab',
          k8s_namespace_name: 'shop',
        })),
      );

    lab.send('a1', PODS.a2.ipv4, 5);
    lab.send('b1', PODS.a2.ipv4, 7);
    lab.send('b1', PODS.a1.ipv4, 4);
    expect(await scrape()).toEqual(due(16));

    lab.send('b1', PODS.a2.ipv4, 3);
    expect(await scrape()).toEqual(due(19));
  });
});
