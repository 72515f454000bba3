import { type ClusterApi, describeDropsByPod } from '../support/pod_drops_suite.ts';
import { KubeApiServer } from './kube_api_server.ts';
import { manifests } from './manifests.ts';
import { AGENT_MISSING, ETCD, KUBE_APISERVER, KUSTOMIZE, skipReason } from './peers.ts';

/** Holds the addresses of the lab's service. */
const SERVICE_NETS = '10.96.0.0/16,fd96::/112';

type Owned = { readonly ownerReferences?: readonly { readonly uid: string }[] };

describeDropsByPod(startServer, skipReason(KUBE_APISERVER.missing, ETCD.missing, KUSTOMIZE.missing, AGENT_MISSING));

async function startServer(): Promise<ClusterApi> {
  const server = await KubeApiServer.start(`--service-cluster-ip-range=${SERVICE_NETS}`);
  const uids = new Map<string, string>();
  return {
    kubeConfigFile: server.kubeConfig(await readersToken(server)),
    async put(_, object) {
      // The server gives each object a uid of its own: who is owned by it has to name that.
      const { uid: given, ...metadata } = object.metadata;
      const { ownerReferences = [] } = metadata as Owned;
      const owners = ownerReferences.map((each) => ({ ...each, uid: uids.get(each.uid) ?? each.uid }));
      const created = await server.admin.create({ ...object, metadata: { ...metadata, ownerReferences: owners } });
      uids.set(String(given), String(created.metadata.uid));
    },
    close: () => server.stop(),
  };
}

/** Of a service account that has the manifests' rights. */
async function readersToken(server: KubeApiServer): Promise<string> {
  for (const object of manifests()) await server.admin.apply(object);
  return server.admin.serviceAccountToken('dropreason', 'dropreason');
}
