/** Group and version of each served resource. */
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

/** The resource of a path; undefined if it isn't served. */
export function targetOf(path: string): Target | undefined {
  const match = /^\/(?:api|apis)\/((?:[^/]+\/)?v[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path);
  const [, apiVersion, namespace, resource] = match ?? [];
  if (apiVersion === undefined || resource === undefined || GROUPS[resource] !== apiVersion) return undefined;
  return { resource, apiVersion, namespace };
}

/** The response of API discovery to a path; undefined if there is none. */
export function discovery(path: string, absent: readonly string[]): object | undefined {
  const served = Object.entries(GROUPS).filter(([resource]) => !absent.includes(resource));
  const [, apiVersion] = /^\/apis\/([^/]+\/v[^/]+)$/.exec(path) ?? [];
  if (apiVersion !== undefined) {
    const resources = served.filter(([, its]) => its === apiVersion).map(([name]) => ({ name, verbs: ['list', 'watch'] }));
    if (resources.length === 0) return undefined;
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources };
  }
  if (path !== '/apis') return undefined;
  const names = new Set(served.map(([, its]) => its).filter((its) => its.includes('/')));
  const groups = [...names].map((groupVersion) => {
    const [name, version] = groupVersion.split('/');
    return { name, versions: [{ groupVersion, version }] };
  });
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** The message of a real API server. */
export function forbidden(verb: string, { resource, apiVersion, namespace }: Target): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const user = 'system:serviceaccount:dropreason:dropreason';
  return `${resource} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
}
