import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import type { Lab } from './lab.ts';

export const PODS = 5000;
/** The pods that receive everything. */
export const DESTINATIONS = ['198.51.100.1', '198.51.100.2'] as const;

/** The nth pod's address, from which SpoofedFlood sends. */
export const sourceAddress = (index: number) => `11.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

/** A Kubernetes API with so many pods, in a hundred Deployments. */
export async function manyPods(lab: Lab): Promise<FakeKubeApi> {
  const api = await FakeKubeApi.start();
  lab.defer(() => void api.close());
  for (let set = 0; set < 100; set++) {
    api.put('replicasets', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `app-${set}-6d4b`,
        namespace: 'bench',
        uid: `rs-${set}`,
        ownerReferences: [owner('Deployment', `app-${set}`)],
      },
    } as never);
  }
  const addresses = [...Array.from({ length: PODS }, (_, index) => sourceAddress(index)), ...DESTINATIONS];
  for (const [index, ip] of addresses.entries()) {
    api.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `app-${index % 100}-6d4b-${index}`,
        namespace: 'bench',
        uid: `pod-${index}`,
        ownerReferences: [owner('ReplicaSet', `app-${index % 100}-6d4b`)],
      },
      spec: { nodeName: `node-${index % 50}`, containers: [{ name: 'app', image: 'registry.example/app:1' }] },
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: '2026-01-01T00:00:00Z' },
    } as never);
  }
  return api;
}

function owner(kind: string, name: string) {
  return { apiVersion: 'apps/v1', kind, name, uid: `uid-${name}`, controller: true };
}
