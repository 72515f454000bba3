import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadKubeConfig } from '../../src/kubernetes/kube_config.ts';
import { ListWatch } from '../../src/kubernetes/list_watch.ts';
import { nodeRecord, podRecord } from '../../src/processors/k8s_attributes/cluster/records.ts';
import { makeSettings } from '../support/settings.ts';
import { KubeApiServer } from './kube_api_server.ts';
import { ETCD, KUBE_APISERVER, skipReason } from './peers.ts';

const skipped = skipReason(KUBE_APISERVER.missing, ETCD.missing);

interface NameRecord {
  readonly uid: string;
  readonly name: string;
}

const until = (what: () => void) => vi.waitFor(what, { timeout: 90_000, interval: 20 });

describe.skipIf(skipped)('list and watch against a real kube-apiserver', () => {
  let server: KubeApiServer;
  const running: ListWatch<NameRecord>[] = [];

  beforeAll(async () => {
    server = await KubeApiServer.start();
    for (const name of ['reader', 'nobody']) {
      await server.admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } });
    }
    await server.admin.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
    });
  }, 240_000);
  afterEach(async () => {
    for (const listWatch of running.splice(0)) await listWatch.stop();
    vi.unstubAllEnvs();
  });
  afterAll(() => server?.stop());

  /** Follows the namespaces whose names begin with `prefix`. */
  async function follow(prefix: string, account = 'reader', resource = { name: 'namespaces', path: '/api/v1/namespaces' }) {
    vi.stubEnv('KUBECONFIG', server.kubeConfig(await server.admin.serviceAccountToken('default', account)));
    const settings = makeSettings();
    const known = new Map<string, NameRecord>();
    const told: string[] = [];
    const listWatch = new ListWatch<NameRecord>({
      kubeConfig: await loadKubeConfig('kubeConfig'),
      resource: {
        ...resource,
        record: (object) => {
          const { uid, name } = (object as { metadata: NameRecord }).metadata;
          return name.startsWith(prefix) ? { uid, name } : undefined;
        },
      },
      events: {
        replaced: (all) => {
          known.clear();
          for (const record of all) known.set(record.uid, record);
          told.push('replaced');
        },
        set: (record) => {
          known.set(record.uid, record);
          told.push(`set ${record.name}`);
        },
        deleted: (uid) => {
          told.push(`deleted ${known.get(uid)?.name}`);
          known.delete(uid);
        },
      },
      logger: settings.logger,
      // Slow enough for a server that is away for long: nothing asks more often than the limit of a minute lets it.
      timing: { backoffMillis: 200, backoffMostMillis: 4000, healthyMillis: 2000 },
    });
    running.push(listWatch);
    listWatch.start();
    const names = () => [...known.values()].map(({ name }) => name).sort();
    return { listWatch, told, names, lines: settings.lines };
  }

  const put = (name: string) => server.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  test('lists in pages and watches', async () => {
    const many = Array.from({ length: 520 }, (_, at) => `many-${1000 + at}`);
    for (let at = 0; at < many.length; at += 20) await Promise.all(many.slice(at, at + 20).map(put));
    const { listWatch, told, names } = await follow('many-');
    await listWatch.synced;
    expect(names()).toEqual(many);
    await put('many-2000');
    await until(() => expect(told).toEqual(['replaced', 'set many-2000']));
    await until(() => expect(listWatch.state()).toMatchObject({ state: 'synced', why: '' }));
  });

  test('goes on from where it was when the server has been away', async () => {
    await put('away-a');
    const { listWatch, names, lines } = await follow('away-');
    await listWatch.synced;
    await until(() => expect(listWatch.state().state).toBe('synced'));
    await server.goAway();
    await until(() => expect(listWatch.state().state).toBe('retrying'));
    expect(names()).toEqual(['away-a']);
    await server.comeBack();
    await put('away-b');
    await until(() => expect(names()).toEqual(['away-a', 'away-b']));
    await until(() => expect(lines.at(-1)?.msg).toBe('namespaces are in sync with the API server again'));
  }, 240_000);

  test('lists again where its version has been compacted away', async () => {
    await put('compacted-a');
    const { listWatch, told, names } = await follow('compacted-');
    await listWatch.synced;
    await put('compacted-b');
    await until(() => expect(names()).toEqual(['compacted-a', 'compacted-b']));
    // A new server knows only what etcd does.
    await server.goAway();
    await server.compact();
    await server.comeBack();
    await put('compacted-c');
    await until(() => expect(names()).toEqual(['compacted-a', 'compacted-b', 'compacted-c']));
    expect(told.filter((what) => what === 'replaced')).toHaveLength(2);
  }, 240_000);

  test.each(['/apis/retina.sh/v1alpha1/metricsconfigurations', '/apis/apps/v1/metricsconfigurations'])(
    'by its discovery the cluster has no %s',
    async (path) => {
      const { listWatch, told } = await follow('', 'reader', { name: 'metricsconfigurations', path });
      await listWatch.synced;
      expect(listWatch.state().state).toBe('absent');
      expect(told).toEqual(['replaced']);
    },
  );

  test('a 404 to what every cluster has is a fault', async () => {
    const { listWatch } = await follow('', 'reader', { name: 'pods', path: '/api/v1/pods-behind-a-proxy' });
    await until(() => expect(listWatch.state()).toMatchObject({ state: 'retrying', why: expect.stringContaining('404') }));
    expect(listWatch.inStep).toBe(false);
  });

  test('a pod on the host network has the ports that the server puts in, and a node its networks', async () => {
    const podCIDRs = ['10.244.1.0/24', 'fd00:0:0:1::/64'];
    const node = await server.admin.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      spec: { podCIDR: podCIDRs[0], podCIDRs },
    });
    expect(nodeRecord(node, []).podCidrs.map(({ bits }) => bits)).toEqual([24, 64]);
    const pod = await server.admin.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'exporter', namespace: 'default' },
      spec: {
        nodeName: 'n1',
        hostNetwork: true,
        containers: [{ name: 'main', image: 'x', ports: [{ containerPort: 9100 }] }],
      },
    });
    const running = { ...pod, status: { podIP: '192.168.0.1', podIPs: [{ ip: '192.168.0.1' }] } };
    expect(podRecord(running, [])).toMatchObject({
      node: 'n1',
      isOnHost: true,
      hostPorts: [{ transport: 'tcp', port: 9100, address: undefined }],
    });
  });

  test('says which rule is missing', async () => {
    const { listWatch, lines } = await follow('none-', 'nobody');
    await until(() => expect(listWatch.state().state).toBe('forbidden'));
    const said = lines.filter(({ level }) => level === 'error').map(({ msg }) => msg);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('User "system:serviceaccount:default:nobody" cannot list resource "namespaces"');
    expect(said[0]).toContain('{apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"]}');
  });
});
