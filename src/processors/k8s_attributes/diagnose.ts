import type { Finding } from '../../component/factory.ts';
import { VERSION } from '../../component/version.ts';
import { ApiConnection } from '../../kubernetes/connection.ts';
import { loadKubeConfig } from '../../kubernetes/kube_config.ts';
import { Cluster } from './cluster/cluster.ts';
import type { K8sAttributesConfig } from './config.ts';
import { nodeName } from './node_name.ts';
import { watchedResources } from './resources.ts';

const TIMEOUT_MILLIS = 5_000;

/** Checks whether the cluster's API returns the required resources: one object of each. */
export async function diagnose(id: string, config: K8sAttributesConfig): Promise<readonly Finding[]> {
  const subject = `processors::${id}`;
  try {
    const cluster = new Cluster({ metadata: new Set(), now: () => 0 });
    const watched = watchedResources(config, nodeName(config.filter), cluster);
    const kubeConfig = await loadKubeConfig(config.auth_type);
    const server = withoutUser(kubeConfig.getCurrentCluster()?.server ?? '');
    return await Promise.all(
      watched.map(async ({ name, use }): Promise<Finding> => {
        const connection = new ApiConnection(kubeConfig, `dropreason/${VERSION}`);
        try {
          const ask = use(({ path, query }) => ({ path, query: { ...query, limit: '1' } }));
          await connection.page(ask.path, ask.query, () => {}, AbortSignal.timeout(TIMEOUT_MILLIS));
          return { subject: `${subject} ${name}`, status: 'ok', message: `can be listed at ${server}` };
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          return { subject: `${subject} ${name}`, status: 'warn', message: `can't be listed at ${server}: ${why}` };
        } finally {
          await connection.reset();
        }
      }),
    );
  } catch (error) {
    return [{ subject, status: 'fail', message: error instanceof Error ? error.message : String(error) }];
  }
}

/** A kubeconfig may have a user and a password in the server's URL. */
function withoutUser(server: string): string {
  if (!URL.canParse(server)) return 'a server that is no URL';
  const { protocol, host, pathname } = new URL(server);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
