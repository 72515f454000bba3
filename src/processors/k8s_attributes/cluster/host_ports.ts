import type { AddressKey } from '../../../pdata/ip_address.ts';
import type { HostPort } from './host_port.ts';
import type { Pod } from './pod.ts';

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

  /** The owner of that port of a node's address; undefined if no pod or several declare it. */
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
