import type { ApiConnection } from './connection.ts';
import { failureOf } from './failure.ts';
import type { WatchedResource } from './watched_resource.ts';

type Named = { readonly name?: unknown } | null;

/**
 * Reports whether API discovery says that the cluster has no such resource. A 404 to a list is not proof: a proxy returns it while it has
 * no server behind it. Always false for the core group, such as pods, which every cluster has, and when discovery fails.
 */
export async function isAbsent(
  connection: ApiConnection,
  { name, path }: Pick<WatchedResource<{ uid: string }>, 'name' | 'path'>,
  turn: () => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)\//.exec(path) ?? [];
  if (group === undefined) return false;
  await turn();
  try {
    const found = await connection.document(`/apis/${group}/${version}`, signal);
    const { kind, resources } = (found ?? {}) as { kind?: unknown; resources?: unknown };
    return kind === 'APIResourceList' && Array.isArray(resources) && !resources.some((each: Named) => each?.name === name);
  } catch (error) {
    if (failureOf(error).kind !== 'not_found') return false;
  }
  await turn();
  try {
    // That version of the group is missing. The list of groups must confirm it.
    const { kind, groups } = ((await connection.document('/apis', signal)) ?? {}) as { kind?: unknown; groups?: unknown };
    return kind === 'APIGroupList' && Array.isArray(groups) && !groups.some((each) => hasVersion(each, group, version));
  } catch {
    return false;
  }
}

function hasVersion(group: unknown, name: string, version: string | undefined): boolean {
  const { name: itsName, versions } = (group ?? {}) as { name?: unknown; versions?: unknown };
  if (itsName !== name || !Array.isArray(versions)) return false;
  return versions.some((each: { version?: unknown } | null) => each?.version === version);
}
