import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import type { ApiPod } from './objects.ts';
import type { Pod } from './pods.ts';

/** A port of its node that a pod has taken: on the node's network, or as a `hostPort`. */
export interface HostPort {
  /** As flows have it: `tcp`, `udp`, `sctp`. */
  readonly transport: string;
  readonly port: number;
  /** The only address of the node on which it has it; undefined for all. */
  readonly address: AddressKey | undefined;
}

/** Pods by the ports of their nodes. */
export class HostPorts {
  readonly #pods = new Map<string, readonly Pod[]>();

  add(pod: Pod): void {
    for (const key of keysOf(pod)) this.#pods.set(key, [...(this.#pods.get(key) ?? []), pod]);
  }

  remove(pod: Pod): void {
    for (const key of keysOf(pod)) {
      const left = this.#pods.get(key)?.filter((other) => other !== pod) ?? [];
      if (left.length === 0) this.#pods.delete(key);
      else this.#pods.set(key, left);
    }
  }

  /** Whose port that is, of a node's address; undefined where no pod says that it is its own, or several do. */
  find(node: string, transport: string, port: number, address: AddressKey): Pod | undefined {
    const all = this.#pods.get(keyOf(node, transport, port));
    if (all === undefined) return undefined;
    const fitting = all.filter(({ record }) => record.hostPorts.some((own) => fits(own, transport, port, address)));
    const running = fitting.filter(({ deletedMillis }) => deletedMillis === undefined);
    // A deleted pod keeps its port, as its addresses, until another has it.
    const meant = running.length > 0 ? running : fitting;
    return meant.length === 1 ? meant[0] : undefined;
  }
}

function fits(own: HostPort, transport: string, port: number, address: AddressKey): boolean {
  return own.transport === transport && own.port === port && (own.address === undefined || own.address === address);
}

const keyOf = (node: string, transport: string, port: number) => `${node}/${transport}/${port}`;

/** Each once, though a pod may have a port on several addresses. */
function keysOf({ record: { node, hostPorts } }: Pod): Iterable<string> {
  return new Set(hostPorts.map(({ transport, port }) => keyOf(node, transport, port)));
}

/** API servers put hostPort in where a container on the node's network names a port. */
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
