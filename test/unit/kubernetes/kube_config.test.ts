import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ComponentError } from '../../../src/component/errors.ts';
import { ApiConnection } from '../../../src/kubernetes/connection.ts';
import { loadKubeConfig } from '../../../src/kubernetes/kube_config.ts';
import { FakeKubeApi } from '../../support/kube_api/fake_kube_api.ts';
import { scratchDirectory } from '../../support/scratch.ts';

afterEach(() => vi.unstubAllEnvs());

async function fake(): Promise<FakeKubeApi> {
  const api = await FakeKubeApi.start();
  onTestFinished(() => api.close());
  return api;
}

const failing = async (loading: Promise<unknown>): Promise<string> => {
  const error: unknown = await loading.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ComponentError);
  return (error as ComponentError).message;
};

describe('serviceAccount', () => {
  test('is what a pod is given', async () => {
    const api = await fake();
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', `${api.port}`);
    const connection = new ApiConnection(await loadKubeConfig('serviceAccount', api.serviceAccountRoot), 'test');
    onTestFinished(() => connection.reset());
    const page = await connection.page('/api/v1/pods', {}, () => {}, AbortSignal.timeout(5000));
    expect(page.resourceVersion).toBe('1000');
  });

  test('without a pod says what to use', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    expect(await failing(loadKubeConfig('serviceAccount'))).toMatch(
      /are not set, so this is not a pod; .*auth_type: kubeConfig$/,
    );
  });

  test.each(['missing', 'empty'])('a token file that is %s is named', async (how) => {
    const api = await fake();
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', `${api.port}`);
    if (how === 'missing') rmSync(api.tokenFile);
    else writeFileSync(api.tokenFile, '');
    const message = await failing(loadKubeConfig('serviceAccount', api.serviceAccountRoot));
    expect(message).toContain(api.tokenFile);
    expect(message).toContain('automountServiceAccountToken');
  });
});

describe('kubeConfig', () => {
  test('is the file in KUBECONFIG', async () => {
    const api = await fake();
    vi.stubEnv('KUBECONFIG', api.kubeConfigFile);
    expect((await loadKubeConfig('kubeConfig')).getCurrentCluster()?.server).toBe(api.url);
  });

  test.each([
    ['is missing', undefined, /can't read .*ENOENT.*; KUBECONFIG points to it$/],
    ['is no YAML', '{', /kubeconfig: /],
    ['is empty', '', /kubeconfig: /],
    ['has no context', 'apiVersion: v1\nkind: Config', /it has no current-context; see kubectl config use-context$/],
    ['has a context of nothing', 'current-context: a\ncontexts: []', /its current-context "a" has no cluster and user in it/],
  ])('a file that %s is reported', async (_, text, message) => {
    const file = join(scratchDirectory(), 'kubeconfig');
    if (text !== undefined) writeFileSync(file, text);
    vi.stubEnv('KUBECONFIG', file);
    const said = await failing(loadKubeConfig('kubeConfig'));
    expect(said).toMatch(message);
    expect(said).toContain(file);
  });

  test('without a CA of its own, those that the machine trusts', async () => {
    const file = join(scratchDirectory(), 'kubeconfig');
    const cluster = { server: 'https://api.example.com/k8s/' };
    const config = {
      'current-context': 'a',
      clusters: [{ name: 'a', cluster }],
      users: [{ name: 'a', user: { token: 'abc' } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    };
    writeFileSync(file, JSON.stringify(config));
    vi.stubEnv('KUBECONFIG', file);
    const found = (await loadKubeConfig('kubeConfig')).getCurrentCluster();
    expect(found?.server).toBe('https://api.example.com/k8s');
    expect(Buffer.from(found?.caData ?? '', 'base64').toString()).toContain('BEGIN CERTIFICATE');
  });
});
