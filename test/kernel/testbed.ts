import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { command } from './command.ts';
import { Shell } from './shell.ts';

export type Family = 'ipv4' | 'ipv6';
export type Role = 'client' | 'router' | 'server';
/**
 * `solo`: one namespace, the client, with its loopback. `pair`: client and server on one cable. `router` and `bridge`: another
 * namespace between the two, which routes or bridges, with the devices `west` (to the client) and `east`.
 */
export type Shape = 'solo' | 'pair' | 'router' | 'bridge';

const ROLES: Readonly<Record<Shape, readonly Role[]>> = {
  solo: ['client'],
  pair: ['client', 'server'],
  router: ['client', 'router', 'server'],
  bridge: ['client', 'router', 'server'],
};
const MAC = { client: '02:00:00:00:00:01', west: '02:00:00:00:00:02', east: '02:00:00:00:00:03', server: '02:00:00:00:00:04' };
const TRAFFIC = fileURLToPath(new URL('../../build/test/traffic', import.meta.url));

/** The object with the tc and XDP programs that drop all IP. */
export const DROP_ALL = fileURLToPath(new URL('../../build/test/drop_all.bpf.o', import.meta.url));

/**
 * Set before devices exist, so that the kernel sends nothing on its own: no duplicate address detection, no link-local addresses, no
 * solicitations, and no ICMP errors (a limit of one a day, which does not apply to loopback).
 */
const QUIET = [
  'ipv6/conf/default/accept_dad=0',
  'ipv6/conf/default/addr_gen_mode=1',
  'ipv6/conf/default/router_solicitations=0',
  'ipv6/conf/default/accept_ra=0',
  'ipv4/conf/all/rp_filter=0',
  'ipv4/conf/default/rp_filter=0',
  'ipv4/icmp_ratelimit=86400000',
  'ipv6/icmp/ratelimit=86400000',
];
/** Set after multicast is off on the devices. Otherwise a router would join groups on them, and report that. */
const FORWARD = ['ipv4/ip_forward=1', 'ipv6/conf/all/forwarding=1'];

const made = new Set<Testbed>();
let serial = 0;

/** Removes all remaining namespaces synchronously, for the end of an interrupted process. */
export function removeAllTestbeds(): void {
  for (const bed of made) for (const role of bed.roles) spawnSync('ip', ['netns', 'del', bed.netns(role)]);
  made.clear();
}

/** Network namespaces, connected as a scenario requires. Only the scenario sends in them, IPv4 or IPv6. */
export class Testbed {
  readonly shape: Shape;
  readonly roles: readonly Role[];
  readonly #prefix = `dropreason-${process.pid}-${++serial}`;

  readonly #shells = new Map<Role, Shell>();
  #family: Family = 'ipv4';

  private constructor(shape: Shape) {
    this.shape = shape;
    this.roles = ROLES[shape];
  }

  static async make(shape: Shape): Promise<Testbed> {
    const bed = new Testbed(shape);
    made.add(bed);
    try {
      await bed.#build();
    } catch (error) {
      await bed.remove();
      throw error;
    }
    return bed;
  }

  /** The family of the next scenario. The namespaces support both. */
  speak(family: Family): void {
    this.#family = family;
  }

  get family(): Family {
    return this.#family;
  }

  get v6(): boolean {
    return this.#family === 'ipv6';
  }

  /** Bytes of the IP header, without options or extension headers. */
  get header(): number {
    return this.v6 ? 40 : 20;
  }

  netns(role: Role): string {
    return `${this.#prefix}-${role}`;
  }

  /** The value of the attribute network.namespace.inode for drops there. */
  inode(role: Role): number {
    return statSync(`/run/netns/${this.netns(role)}`).ino;
  }

  /** The destination: the server's address, or in `solo` the loopback address. */
  get target(): string {
    if (this.shape === 'solo') return this.v6 ? '::1' : '127.0.0.1';
    const net = this.shape === 'router' ? 2 : 1;
    return this.v6 ? `fd0${net}::2` : `10.${net}.0.2`;
  }

  /** The client's own address. */
  get source(): string {
    if (this.shape === 'solo') return this.target;
    return this.v6 ? 'fd01::1' : '10.1.0.1';
  }

  /** The hardware address of a device, by role if it is the only one, else by name. */
  mac(device: keyof typeof MAC): string {
    return MAC[device];
  }

  /** Runs a shell script in the namespace of `role`, and returns its output. */
  sh(role: Role, script: string): Promise<string> {
    return this.#shell(role).run(script);
  }

  /** The content of /proc/net/`name` there. */
  proc(role: Role, name: string): string {
    return readFileSync(`${this.#shell(role).proc}/${name}`, 'utf8');
  }

  /** Runs the traffic tool in the namespace of `role`, on one CPU, and returns the numbers that it reports. */
  async traffic(role: Role, ...args: readonly (string | number)[]): Promise<Record<string, number>> {
    const cpu = availableParallelism() - 1;
    return JSON.parse(await command(TRAFFIC, [this.netns(role), `${cpu}`, ...args.map(String)])) as Record<string, number>;
  }

  async remove(): Promise<void> {
    for (const shell of this.#shells.values()) shell.close();
    this.#shells.clear();
    const removals = this.roles.map((role) => `netns del ${this.netns(role)}`);
    await command('ip', ['-force', '-batch', '-'], removals.join('\n')).catch(() => {}); // some may not exist
    made.delete(this);
  }

  async #build(): Promise<void> {
    const lines = this.roles.map((role) => `netns add ${this.netns(role)}`);
    await command('ip', ['-batch', '-'], lines.join('\n'));
    for (const role of this.roles) {
      const bridge = this.shape === 'bridge' && role === 'router';
      await this.#write(role, bridge ? [...QUIET, 'ipv6/conf/default/disable_ipv6=1'] : QUIET);
    }
    await command('ip', ['-batch', '-'], this.#cables().join('\n'));
    for (const role of this.roles) {
      await command('ip', ['-n', this.netns(role), '-batch', '-'], ['link set lo up', ...this.#devices(role)].join('\n'));
    }
    for (const role of this.roles) await this.#allUp(role);
    if (this.shape === 'router') await this.#write('router', FORWARD);
  }

  #shell(role: Role): Shell {
    const shell = this.#shells.get(role) ?? new Shell(this.netns(role));
    this.#shells.set(role, shell);
    return shell;
  }

  /** Waits for the cables. A queue or a bridge port drops until the kernel's link watch, which runs asynchronously, has seen the cable. */
  async #allUp(role: Role): Promise<void> {
    // Tunnel modules add a device to each namespace (gre0, sit0).
    const isDown = (link: string) => /: (?:eth0|west|east|br0)[@:]/.test(link) && !link.includes(' state UP ');
    while ((await this.sh(role, 'ip -o link show')).split('\n').some(isDown)) await sleep(10);
    if (this.shape !== 'bridge' || role !== 'router') return;
    const isClosed = (port: string) => port !== '' && !port.includes(' state forwarding ');
    while ((await this.sh(role, 'bridge -o link show')).split('\n').some(isClosed)) await sleep(10);
  }

  /** Settings below /proc/sys/net, as `path=value`. */
  async #write(role: Role, settings: readonly string[]): Promise<void> {
    await this.sh(role, settings.map((setting) => setting.replace(/(.*)=(.*)/, 'echo $2 > /proc/sys/net/$1')).join('; '));
  }

  #cables(): string[] {
    const cable = (a: Role, aName: string, aMac: string, b: Role, bName: string, bMac: string) =>
      `link add ${aName} address ${aMac} netns ${this.netns(a)} type veth peer name ${bName} address ${bMac} netns ${this.netns(b)}`;
    if (this.shape === 'solo') return [];
    if (this.shape === 'pair') return [cable('client', 'eth0', MAC.client, 'server', 'eth0', MAC.server)];
    return [
      cable('client', 'eth0', MAC.client, 'router', 'west', MAC.west),
      cable('router', 'east', MAC.east, 'server', 'eth0', MAC.server),
    ];
  }

  #devices(role: Role): string[] {
    const routed = this.shape === 'router';
    if (this.shape === 'solo') return [];
    if (role === 'client')
      return [...device('eth0', 1, 1), ...peer('eth0', 1, 2, routed ? MAC.west : MAC.server), ...(routed ? way(1, 2) : [])];
    if (role === 'server') {
      const net = routed ? 2 : 1;
      return [...device('eth0', net, 2), ...peer('eth0', net, 1, routed ? MAC.east : MAC.client), ...(routed ? way(2, 1) : [])];
    }
    if (routed) {
      return [
        ...device('west', 1, 2),
        ...peer('west', 1, 1, MAC.client),
        ...device('east', 2, 1),
        ...peer('east', 2, 2, MAC.server),
      ];
    }
    return [
      'link add br0 type bridge mcast_snooping 0',
      'link set west master br0',
      'link set east master br0',
      'link set west up',
      'link set east up',
      'link set br0 up',
    ];
  }
}

/** Without ARP and multicast a device resolves no neighbours and joins no groups, so it sends nothing on its own. */
function device(name: string, net: number, host: number): string[] {
  return [
    `link set ${name} arp off multicast off`,
    `link set ${name} up`,
    `addr add 10.${net}.0.${host}/24 dev ${name}`,
    `addr add fd0${net}::${host}/64 dev ${name} nodad`,
  ];
}

function peer(name: string, net: number, host: number, mac: string): string[] {
  return [`10.${net}.0.${host}`, `fd0${net}::${host}`].map(
    (address) => `neigh replace ${address} lladdr ${mac} nud permanent dev ${name}`,
  );
}

/** The client's and the server's default route, to the router in their own net. */
function way(net: number, host: number): string[] {
  return [`route add default via 10.${net}.0.${host}`, `route add ::/0 via fd0${net}::${host}`];
}
