import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import type { ApiPod } from './objects.ts';

/** A port of its node that a pod has taken: on the node's network, or as a `hostPort`. */
export interface HostPort {
  /** As flows have it: `tcp`, `udp`, `sctp`. */
  readonly transport: string;
  readonly port: number;
  /** The only address of the node on which it has it; undefined for all. */
  readonly address: AddressKey | undefined;
}

/** API servers fill in hostPort if a container on the node's network declares a port. */
export function hostPortsOf({ containers = [], initContainers = [] }: NonNullable<ApiPod['spec']> = {}): readonly HostPort[] {
  const ports: HostPort[] = [];
  for (const { ports: own = [] } of [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ]) {
    for (const { hostPort = 0, protocol = 'TCP', hostIP = '' } of own) {
      if (hostPort === 0) continue;
      const isAny = hostIP === '' || hostIP === '0.0.0.0' || hostIP === '::';
      const address = isAny ? undefined : IpAddress.parse(hostIP)?.key;
      if (isAny || address !== undefined) ports.push({ transport: protocol.toLowerCase(), port: hostPort, address });
    }
  }
  return ports.length === 0 ? NONE : ports;
}

const NONE: readonly never[] = [];
