import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { getCACertificates, rootCertificates } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { ComponentError } from '../component/errors.ts';
import { reasonOf } from '../component/reason_of.ts';

export type AuthType = 'serviceAccount' | 'kubeConfig';

const SECRETS = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the API server and our credentials: those of the pod's service account (below `root`, for tests), or those in the files listed in
 * KUBECONFIG, else in ~/.kube/config.
 *
 * @throws ComponentError if something that `authType` needs is missing.
 */
export async function loadKubeConfig(authType: AuthType, root = ''): Promise<KubeConfig> {
  const files = authType === 'serviceAccount' ? [] : kubeConfigFiles();
  if (authType === 'serviceAccount') checkServiceAccount(root);
  // Imported lazily: it costs 0.4 s and 60 MB. Importing only the files we need costs as much.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeConfig = new KubeConfig();
  if (authType === 'serviceAccount') kubeConfig.loadFromCluster(root);
  // client-node's own search falls back to http://localhost:8080 if it finds nothing.
  for (const [at, file] of files.entries()) {
    try {
      const one = at === 0 ? kubeConfig : new KubeConfig();
      one.loadFromFile(file);
      if (at > 0) kubeConfig.mergeConfig(one, true);
    } catch (error) {
      throw new ComponentError(`auth_type kubeConfig: ${file}: ${reasonOf(error)}`);
    }
  }
  if (kubeConfig.getCurrentCluster() === null || kubeConfig.getCurrentUser() === null) {
    const { currentContext } = kubeConfig;
    const problem = currentContext
      ? `its current-context "${currentContext}" has no cluster and user in it`
      : 'it has no current-context';
    throw new ComponentError(`auth_type kubeConfig: ${files.join(delimiter)}: ${problem}; see kubectl config use-context`);
  }
  complete(kubeConfig);
  return kubeConfig;
}

function checkServiceAccount(root: string): void {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = process.env;
  if (host === '' || port === '') {
    throw new ComponentError(
      'auth_type serviceAccount: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is not a pod; ' +
        'outside a cluster use auth_type: kubeConfig',
    );
  }
  const help = 'the pod needs a serviceAccountName, and automountServiceAccountToken must not be false';
  for (const name of ['token', 'ca.crt']) {
    const file = `${root}${SECRETS}/${name}`;
    if (read(file, "auth_type serviceAccount: can't read", help).trim() === '') {
      throw new ComponentError(`auth_type serviceAccount: ${file} is empty; ${help}`);
    }
  }
}

/** The files in KUBECONFIG, else ~/.kube/config. Throws if one can't be read. */
function kubeConfigFiles(): readonly string[] {
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  const files = named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
  const help = named.length > 0 ? 'KUBECONFIG points to it' : 'set KUBECONFIG to use another file';
  for (const file of files) read(file, "auth_type kubeConfig: can't read", help);
  return files;
}

/** Completes what client-node leaves out. */
function complete(kubeConfig: KubeConfig): void {
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) => {
    // It concatenates server and path without removing slashes.
    const server = cluster.server.replace(/\/+$/, '');
    if (cluster.caFile || cluster.caData || cluster.skipTLSVerify) return { ...cluster, server };
    // Without a CA it would use the global connection pool, which can't be closed.
    const known = typeof getCACertificates === 'function' ? getCACertificates('default') : rootCertificates;
    return { ...cluster, server, caData: Buffer.from(known.join('\n')).toString('base64') };
  });
}

function read(file: string, what: string, help: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ComponentError(`${what} ${file}: ${reasonOf(error)}; ${help}`);
  }
}
