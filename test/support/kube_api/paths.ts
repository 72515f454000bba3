/** Group and version of each resource that is served. */
const GROUPS: Readonly<Record<string, string>> = {
  pods: 'v1',
  nodes: 'v1',
  namespaces: 'v1',
  services: 'v1',
  replicasets: 'apps/v1',
  jobs: 'batch/v1',
  endpointslices: 'discovery.k8s.io/v1',
  metricsconfigurations: 'retina.sh/v1alpha1',
};

export interface Target {
  readonly resource: string;
  readonly apiVersion: string;
  readonly namespace: string | undefined;
}

/** Which resource a path asks for; undefined where no such is served. */
export function targetOf(path: string): Target | undefined {
  const match = /^\/(?:api|apis)\/((?:[^/]+\/)?v[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path);
  const [, apiVersion, namespace, resource] = match ?? [];
  if (apiVersion === undefined || resource === undefined || GROUPS[resource] !== apiVersion) return undefined;
  return { resource, apiVersion, namespace };
}

/** As an API server words it. */
export function forbidden(verb: string, { resource, apiVersion, namespace }: Target): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const user = 'system:serviceaccount:dropreason:dropreason';
  return `${resource} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
}
