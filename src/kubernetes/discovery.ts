import type { ApiConnection } from './connection.ts';
import { failureOf } from './failure.ts';
import type { WatchedResource } from './watched_resource.ts';

type Named = { readonly name?: unknown } | null;

/**
 * Whether the cluster has no such resource, by what its API discovery says. A 404 to a list alone doesn't tell: a proxy answers so
 * while no server is behind it. Never of the core group, such as pods, which every cluster has; and not where discovery fails too.
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
    // That version of the group is missing; the list of groups has to say so too.
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
