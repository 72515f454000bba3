import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { VERSION } from '../../component/version.ts';
import { ApiConnection } from '../../kubernetes/connection.ts';
import { AGENT_TURNS } from '../../kubernetes/request_turns.ts';

const PATH = '/apis/retina.sh/v1alpha1/metricsconfigurations';
const TIMEOUT_MILLIS = 60_000;
/** Names to report. */
const MOST = 20;

/**
 * Says once that a MetricsConfiguration of Retina's that lies in the cluster isn't read. Most clusters have none, and no
 * permission to list them is nothing to worry about. Never rejects.
 */
export async function reportMetricsConfigurations(kubeConfig: KubeConfig, logger: Logger, stopped: AbortSignal): Promise<void> {
  const connection = new ApiConnection(kubeConfig, `dropreason/${VERSION}`);
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MILLIS)]);
    const names: string[] = [];
    await AGENT_TURNS.next(Number.POSITIVE_INFINITY, signal);
    await connection.page(PATH, { limit: `${MOST}` }, (item) => names.push(nameOf(item)), signal);
    if (names.length > 0) {
      logger.warn(
        `Retina's MetricsConfiguration ${names.slice(0, MOST).join(', ')} is not read: choose namespaces and labels with the processor pod_drops`,
      );
    }
  } catch (error) {
    logger.debug(`whether there is a MetricsConfiguration of Retina's can't be told: ${String(error)}`);
  } finally {
    await connection.reset().catch(() => {});
  }
}

function nameOf(item: unknown): string {
  const { metadata } = item as { metadata?: { name?: unknown } | null };
  return typeof metadata?.name === 'string' ? metadata.name : '?';
}
