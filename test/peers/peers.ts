import { existsSync } from 'node:fs';

/** A program to test against, or why there is none. */
export interface Peer {
  readonly path: string;
  /** Why the tests that need it are skipped; false where they aren't. */
  readonly missing: string | false;
}

function peer(variable: string, name: string): Peer {
  const path = process.env[variable] ?? '';
  if (path !== '' && existsSync(path)) return { path, missing: false };
  return { path, missing: path === '' ? `no ${name}: ${variable} is not set` : `no ${name} at ${path}` };
}

/** Found or built by scripts/test-peers.sh. */
export const OTELCOL = peer('OTELCOL_PEER', 'OpenTelemetry Collector');
export const PROMETHEUS = peer('PROMETHEUS_PEER', 'Prometheus');
export const PROMETHEUS3 = peer('PROMETHEUS3_PEER', 'Prometheus 3');
export const PROMTOOL = peer('PROMTOOL_PEER', 'promtool');
export const KUBE_APISERVER = peer('KUBE_APISERVER_PEER', 'kube-apiserver');
export const ETCD = peer('ETCD_PEER', 'etcd');
export const KUSTOMIZE = peer('KUSTOMIZE_PEER', 'kustomize');

/** Why the agent can't be started here; false where it can. */
export const AGENT_MISSING = process.geteuid?.() === 0 ? false : 'not root: network namespaces and BPF need it';

/** The first reason to skip, said once; false where there is none. */
export function skipReason(...reasons: readonly (string | false)[]): string | false {
  const reason = reasons.find((given) => given !== false) ?? false;
  if (reason !== false) console.warn(`skipped: ${reason}`);
  return reason;
}
