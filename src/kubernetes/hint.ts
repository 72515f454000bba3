/** The RBAC rule that a list and watch of a resource needs, as a ClusterRole has it. */
export function forbiddenHint({ name, path }: { readonly name: string; readonly path: string }): string {
  const [, group = '', namespace] = /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+)\/)?/.exec(path) ?? [];
  const role = namespace === undefined ? 'the ClusterRole' : `a Role in the namespace ${namespace}, or the ClusterRole,`;
  return `${role} needs the rule {apiGroups: ["${group}"], resources: ["${name}"], verbs: ["list", "watch"]}`;
}
