import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const TRAFFIC = fileURLToPath(new URL('../../build/test/traffic', import.meta.url));
let made = 0;

export type Family = 'ipv4' | 'ipv6';
type Both = Readonly<Record<Family, string>>;

/** Two nodes, each the router of its pods, connected by a cable. */
export const NODES = {
  'node-a': { ipv4: '192.168.99.1', ipv6: 'fd99::1' },
  'node-b': { ipv4: '192.168.99.2', ipv6: 'fd99::2' },
} as const satisfies Record<string, Both>;

export const PODS = {
  a1: { node: 'node-a', ipv4: '10.244.1.11', ipv6: 'fd44:1::11' },
  a2: { node: 'node-a', ipv4: '10.244.1.12', ipv6: 'fd44:1::12' },
  b1: { node: 'node-b', ipv4: '10.244.2.11', ipv6: 'fd44:2::11' },
} as const satisfies Record<string, Both & { readonly node: keyof typeof NODES }>;

/** The address of a service, which kube-proxy's rules translate to {@link PODS}.a2. */
export const SERVICE: Both = { ipv4: '10.96.0.10', ipv6: 'fd96::10' };
/** An address of node-b that no pod uses yet. */
export const FRESH = '10.244.2.99';
/** An address outside the cluster. */
export const WORLD: Both = { ipv4: '203.0.113.5', ipv6: '2001:db8::5' };
/** The next hop of a pod's default route: the other end of its cable. */
const GATEWAY: Both = { ipv4: '169.254.1.1', ipv6: 'fe80::1' };
/** The destination port. No program listens there. */
export const PORT = 53;
const HEADERS = { ipv4: 28, ipv6: 48 } as const;

export type Where = keyof typeof PODS | keyof typeof NODES;

/**
 * Network namespaces that simulate a cluster: pods with cables to their node, which routes, as with Calico, and a service address that is
 * translated as by kube-proxy. Apart from neighbour discovery, only the test sends packets.
 */
export class ClusterLab {
  readonly #prefix = `dropreason-lab-${process.pid}-${++made}`;

  constructor() {
    try {
      this.#build();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Sends datagrams from one CPU, which then also drops them; returns their total bytes. */
  send(from: Where, to: string, count: number, payloadBytes = 100): number {
    const args = [this.#ns(from), `${availableParallelism() - 1}`, 'udp', to, `${PORT}`, `${count}`, `${payloadBytes}`];
    execFileSync(TRAFFIC, args, { env: ENV });
    return count * (payloadBytes + HEADERS[familyOf(to)]);
  }

  /** Adds a rule to a chain, runs `act`, and removes the rule; returns what the rule counted. */
  async withRule(at: Where, family: Family, rule: string, act: () => Promise<void>): Promise<{ packets: number; bytes: number }> {
    const [chain = ''] = rule.split(' ');
    this.#iptables(at, family, `-I ${rule}`);
    try {
      await act();
      const listing = this.#iptables(at, family, `-nvxL ${chain}`);
      const [, packets, bytes] = /^\s*(\d+)\s+(\d+)\s+DROP\b/m.exec(listing) ?? [];
      return { packets: Number(packets), bytes: Number(bytes) };
    } finally {
      this.#iptables(at, family, `-D ${rule}`);
    }
  }

  /** As in `network.namespace.inode`. */
  inode(place: Where): number {
    return statSync(`/run/netns/${this.#ns(place)}`).ino;
  }

  remove(): void {
    for (const place of this.#places)
      execFileSync('sh', ['-c', `ip netns del ${this.#ns(place)} 2>/dev/null || :`], { env: ENV });
  }

  get #places(): Where[] {
    return [...(Object.keys(NODES) as Where[]), ...(Object.keys(PODS) as Where[])];
  }

  #build(): void {
    this.#ip(this.#places.map((place) => `netns add ${this.#ns(place)}`));
    for (const place of this.#places) {
      this.#sh(
        place,
        'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/default/router_solicitations',
      );
      this.#sh(place, 'for f in all default; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done; ip link set lo up');
    }
    this.#ip([`link add net0 netns ${this.#ns('node-a')} type veth peer name net0 netns ${this.#ns('node-b')}`]);
    for (const [node, other] of [
      ['node-a', 'node-b'],
      ['node-b', 'node-a'],
    ] as const) {
      this.#sh(node, 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
      this.#sh(
        node,
        `ip link set net0 up; ip addr add ${NODES[node].ipv4}/24 dev net0; ip addr add ${NODES[node].ipv6}/64 dev net0 nodad`,
      );
      const net = other === 'node-a' ? 1 : 2;
      this.#sh(
        node,
        `ip route add 10.244.${net}.0/24 via ${NODES[other].ipv4}; ip route add fd44:${net}::/64 via ${NODES[other].ipv6};` +
          `ip route add default via ${NODES[other].ipv4}; ip route add default via ${NODES[other].ipv6}`,
      );
      this.#proxy(node);
    }
    for (const pod of Object.keys(PODS) as (keyof typeof PODS)[]) this.#addPod(pod);
  }

  #addPod(pod: keyof typeof PODS): void {
    const { node, ipv4, ipv6 } = PODS[pod];
    this.#ip([`link add cali-${pod} netns ${this.#ns(node)} type veth peer name eth0 netns ${this.#ns(pod)}`]);
    this.#sh(
      node,
      `ip link set cali-${pod} up; ip addr add ${GATEWAY.ipv4}/32 dev cali-${pod}; ip addr add ${GATEWAY.ipv6}/64 dev cali-${pod} nodad;` +
        `ip route add ${ipv4}/32 dev cali-${pod} src ${NODES[node].ipv4}; ip route add ${ipv6}/128 dev cali-${pod} src ${NODES[node].ipv6}`,
    );
    this.#sh(
      pod,
      `ip link set eth0 up; ip addr add ${ipv4}/32 dev eth0; ip addr add ${ipv6}/128 dev eth0 nodad;` +
        `ip route add ${GATEWAY.ipv4} dev eth0 scope link; ip route add default via ${GATEWAY.ipv4}; ip route add default via ${GATEWAY.ipv6} dev eth0`,
    );
  }

  /** The rules that kube-proxy writes in mode iptables. */
  #proxy(node: keyof typeof NODES): void {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const target = family === 'ipv4' ? PODS.a2.ipv4 : `[${PODS.a2.ipv6}]`;
      for (const rule of [
        '-N KUBE-SERVICES',
        '-N KUBE-SVC-DNS',
        '-N KUBE-SEP-A2',
        '-A PREROUTING -j KUBE-SERVICES',
        '-A OUTPUT -j KUBE-SERVICES',
        `-A KUBE-SERVICES -d ${SERVICE[family]} -p udp --dport ${PORT} -j KUBE-SVC-DNS`,
        '-A KUBE-SVC-DNS -j KUBE-SEP-A2',
        `-A KUBE-SEP-A2 -p udp -j DNAT --to-destination ${target}:${PORT}`,
      ])
        this.#iptables(node, family, `-t nat ${rule}`);
    }
  }

  #ns(place: Where): string {
    return `${this.#prefix}-${place}`;
  }

  #iptables(place: Where, family: Family, args: string): string {
    return this.#sh(place, `${family === 'ipv4' ? 'iptables' : 'ip6tables'} -w ${args}`);
  }

  #sh(place: Where, script: string): string {
    return execFileSync('ip', ['netns', 'exec', this.#ns(place), 'sh', '-ec', script], { env: ENV, encoding: 'utf8' });
  }

  #ip(lines: readonly string[]): void {
    execFileSync('ip', ['-batch', '-'], { env: ENV, input: lines.join('\n') });
  }
}

function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
