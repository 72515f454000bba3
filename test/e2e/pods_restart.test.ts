import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, MAIN, NODE } from '../support/agent.ts';
import { mountBpf, unmountBpf } from '../support/bpf_mount.ts';
import { ClusterLab, PODS } from '../support/cluster_lab.ts';
import { CLUSTER } from '../support/cluster_objects.ts';
import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { pick, sum } from '../support/metrics_text.ts';
import { whyNotHere } from '../support/requirements.ts';

const RULE = { reason: 'IPTABLE_RULE_DROP', direction: 'egress' };

describe.skipIf(whyNotHere(['ip', 'iptables', 'setpriv', 'mount', 'cc']) !== undefined)('after a restart with pins', () => {
  let mounted = '';
  let api: FakeKubeApi;
  let lab: ClusterLab;

  beforeAll(async () => {
    execFileSync('sh', [fileURLToPath(new URL('../kernel/build.sh', import.meta.url))]);
    mounted = mountBpf();
    api = await FakeKubeApi.start();
    for (const [resource, object] of CLUSTER) api.put(resource, object as never);
    lab = new ClusterLab();
  });

  afterAll(async () => {
    lab?.remove();
    await api?.close();
    unmountBpf(mounted);
  });

  test('the node’s counters carry on, pods’ series begin anew, and what was in the kernel is in both', async () => {
    const directory = join(mounted, 'pods');
    const start = () =>
      Agent.start(
        {
          receiver: { mode: 'advanced', attributes: ['network.namespace.inode'], pin: true, pin_path: directory },
          processors: {
            percpu_sum: {},
            k8s_attributes: { auth_type: 'kubeConfig', wait_for_metadata: true },
            pod_drops: {},
          },
        },
        { env: { KUBECONFIG: api.kubeConfigFile } },
      );
    const counted = async (agent: Agent) => {
      const series = await agent.scrape();
      const node = { ...RULE, network_namespace_inode: String(lab.inode('a1')) };
      const pod = { ...RULE, k8s_pod_name: 'a1' };
      return {
        node: sum(pick(series, 'dropreason_drop_count_total', node)),
        pod: sum(pick(series, 'dropreason_pod_drop_count_total', pod)),
      };
    };
    await lab.withRule('a1', 'ipv4', 'OUTPUT -p udp --dport 53 -j DROP', async () => {
      const first = await start();
      lab.send('a1', PODS.a2.ipv4, 7);
      expect(await counted(first)).toEqual({ node: 7, pod: 7 });
      lab.send('a1', PODS.a2.ipv4, 5);
      first.kill();
      await first.exit;
      lab.send('a1', PODS.a2.ipv4, 3);
      const second = await start();
      try {
        expect(await counted(second)).toEqual({ node: 15, pod: 8 });
        lab.send('a1', PODS.a2.ipv4, 2);
        expect(await counted(second)).toEqual({ node: 17, pod: 10 });
      } finally {
        await second.stop();
      }
    });
    const set = (key: string) => ['--set', `receivers.dropreason.${key}`];
    execFileSync(NODE, [MAIN, 'unpin', ...set(`pin_path=${directory}`), ...set('pin=true')]);
  });
});
