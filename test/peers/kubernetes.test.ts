import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubeApiServer } from './kube_api_server.ts';
import type { KubeClient, KubeObject } from './kube_client.ts';
import { COMPONENTS, manifests, only } from './manifests.ts';
import { ETCD, KUBE_APISERVER, KUSTOMIZE, skipReason } from './peers.ts';

const NAMESPACE = 'dropreason';

/** What the agent asks for, each with list and with watch. */
const READ = [
  '/api/v1/pods',
  '/api/v1/nodes',
  '/api/v1/namespaces',
  '/api/v1/services',
  '/apis/discovery.k8s.io/v1/endpointslices',
  '/apis/apps/v1/replicasets',
  '/apis/batch/v1/jobs',
];

/** What it must not: other resources, other verbs, single objects. */
const FORBIDDEN: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/api/v1/secrets'],
  ['GET', '/api/v1/configmaps'],
  ['GET', `/api/v1/namespaces/${NAMESPACE}/configmaps`],
  ['GET', '/api/v1/events'],
  ['GET', '/api/v1/serviceaccounts'],
  ['GET', '/apis/apps/v1/deployments'],
  ['GET', '/apis/apps/v1/daemonsets'],
  ['GET', '/apis/batch/v1/cronjobs'],
  ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  ['GET', `/api/v1/namespaces/${NAMESPACE}/pods/some`],
  ['GET', `/api/v1/namespaces/${NAMESPACE}/pods/some/log`],
  ['GET', '/api/v1/nodes/some/proxy/metrics'],
  ['GET', '/apis/retina.sh/v1alpha1/metricsconfigurations?watch=true'],
  ['GET', '/metrics'],
  ['POST', `/api/v1/namespaces/${NAMESPACE}/pods`],
  ['POST', `/api/v1/namespaces/${NAMESPACE}/pods/some/exec`],
  ['POST', `/api/v1/namespaces/${NAMESPACE}/pods/some/eviction`],
  ['POST', `/api/v1/namespaces/${NAMESPACE}/secrets`],
  ['POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/dropreason/token`],
  ['PATCH', '/api/v1/nodes/some'],
  ['PUT', `/api/v1/namespaces/${NAMESPACE}/pods/some/status`],
  ['DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/some`],
  ['DELETE', `/api/v1/namespaces/${NAMESPACE}/pods`],
];

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
}

const skipped = skipReason(KUBE_APISERVER.missing, ETCD.missing, KUSTOMIZE.missing);

describe.skipIf(skipped)('a real kube-apiserver', () => {
  let server: KubeApiServer;
  let agent: KubeClient;
  const objects = skipped === false ? manifests() : [];

  beforeAll(async () => {
    server = await KubeApiServer.start();
    for (const object of objects) await server.admin.apply(object);
    agent = server.client(await server.admin.serviceAccountToken(NAMESPACE, 'dropreason'));
  });
  afterAll(() => server?.stop());

  test.each([
    { components: [] },
    ...COMPONENTS.map((component) => ({ components: [component] })),
    { components: COMPONENTS.slice(1) },
  ])('takes the manifests as they are, with $components', async ({ components }) => {
    const answers: string[] = [];
    for (const object of manifests(...components)) {
      answers.push((await server.admin.apply(object, { dryRun: true })).kind);
    }
    expect(answers.toSorted()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'DaemonSet',
      'Namespace',
      'Service',
      'ServiceAccount',
    ]);
  });

  test('refuses a manifest with a misspelt key, so that taking one says something', async () => {
    const wrong = { ...only(objects, 'Service'), spec: { clusterIp: 'None' } };
    await expect(server.admin.apply(wrong, { dryRun: true })).rejects.toThrow(/clusterIp/);
  });

  test("admits the DaemonSet's pods in the manifests' namespace, and wouldn't where pods are held to the baseline", async () => {
    await server.admin.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'held', labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } },
    });
    const pod = (namespace: string) => ({ ...podOf(objects), metadata: { name: 'one', namespace } });
    await expect(server.admin.apply(pod(NAMESPACE), { dryRun: true })).resolves.toMatchObject({ kind: 'Pod' });
    await expect(server.admin.apply(pod('held'), { dryRun: true })).rejects.toThrow(/violates PodSecurity.*BPF/);
  });

  test.each(READ)('lets the agent list and watch %s', async (path) => {
    const list = await agent.request('GET', path);
    expect(list.status).toBe(200);
    const { resourceVersion } = list.body.metadata;
    const watch = await agent.request('GET', `${path}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`);
    expect(watch.status).toBe(200);
  });

  test.each(['/apis', '/apis/apps/v1', '/apis/batch/v1', '/apis/discovery.k8s.io/v1'])(
    'lets the agent ask %s what there is',
    async (path) => {
      expect((await agent.request('GET', path)).status).toBe(200);
    },
  );

  test("lets the agent ask for one node's pods alone", async () => {
    const { status } = await agent.request('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1');
    expect(status).toBe(200);
  });

  test("lets the agent see whether Retina's MetricsConfigurations are there", async () => {
    // 404 says that there is no such kind, and not that it may not be asked for.
    expect((await agent.request('GET', '/apis/retina.sh/v1alpha1/metricsconfigurations')).status).toBe(404);
  });

  test.each(FORBIDDEN)('forbids the agent %s %s', async (method, path) => {
    const body = method === 'GET' ? undefined : {};
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : undefined;
    const { status, body: answer } = await agent.request(method, path, body, contentType);
    expect(`${status} ${answer.reason}`).toBe('403 Forbidden');
  });

  test("allows the agent's account what its ClusterRole says, beyond what any account may, and nothing more", async () => {
    await server.admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other', namespace: NAMESPACE } });
    const other = server.client(await server.admin.serviceAccountToken(NAMESPACE, 'other'));
    const everyones = await allowed(other);
    const ours = (await allowed(agent)).filter((rule) => !everyones.includes(rule));
    const granted = (only(objects, 'ClusterRole').rules as Rule[]).flatMap(permissions);
    expect(ours.toSorted()).toEqual(granted.toSorted());
    expect(granted).toHaveLength(2 * READ.length + 1);
  });
});

/** A pod as the DaemonSet's controller would make it. */
function podOf(objects: readonly KubeObject[]) {
  const { template } = only(objects, 'DaemonSet').spec as { template: { spec: unknown } };
  return { apiVersion: 'v1', kind: 'Pod', spec: template.spec };
}

/** What the API server says that this client may do. */
async function allowed(client: KubeClient): Promise<string[]> {
  const kind = 'SelfSubjectRulesReview';
  const review = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { namespace: NAMESPACE } };
  const { body } = await client.request('POST', `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, review);
  expect(body.status.incomplete).toBe(false);
  const { resourceRules, nonResourceRules } = body.status as { resourceRules: Rule[]; nonResourceRules: unknown[] };
  return [...resourceRules.flatMap(permissions), ...nonResourceRules.map((rule) => JSON.stringify(rule))];
}

/** One line for each verb on each resource. */
function permissions({ verbs, apiGroups = [], resources = [], ...more }: Rule): string[] {
  // Names, where a rule is for single objects alone: they make it another rule.
  const rest = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`;
  return verbs.flatMap((verb) =>
    apiGroups.flatMap((group) => resources.map((resource) => `${verb} ${resource}.${group}${rest}`)),
  );
}
