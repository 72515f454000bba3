import { spawnSync } from 'node:child_process';
import { nftRules, qdiscDrops } from '../counters.ts';
import type { Direction, Scenario, Step } from '../scenario.ts';
import type { Role, Shape, Testbed } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';
import { KINDS, type Kind, OUTER, UPPER_MAC } from './stacked_kinds.ts';

const PAYLOAD = 431;

/** The ends of a tunnel are addresses of the cable. */
function outer(device: string, own: Role, peer: Role, peerMac: string): string {
  return [
    `ip addr add ${OUTER[own]}/24 dev ${device}`,
    `ip neigh replace ${OUTER[peer]} lladdr ${peerMac} nud permanent dev ${device}`,
  ].join('; ');
}

/** One end of a cable: where, by which device, in which net, and who is at the other end. */
interface End {
  readonly at: Role;
  readonly device: string;
  readonly net: number;
  readonly host: number;
  readonly peer: Role;
  readonly peerHost: number;
  readonly peerMac: string;
}

/** Puts the device upon the cable, and the cable's addresses upon the device. */
function stack(kind: Kind, { at, device, net, host, peer, peerHost, peerMac }: End): Step {
  const up = kind.below ? device : 'up0';
  const mac = kind.ownMac ? UPPER_MAC[peer] : peerMac;
  const quiet = 'echo 0 > /proc/sys/net/ipv6/conf/default/forwarding'; // a router would join groups on it
  const run = [
    quiet,
    `ip addr flush dev ${device}`,
    kind.tunnel === undefined ? ':' : outer(device, at, peer, peerMac),
    kind.make(device, at, peer),
    'ip link set up0 arp off multicast off',
    'ip link set up0 up',
    `until ip link show dev ${device} | grep -q LOWER_UP && ip link show dev up0 | grep -q LOWER_UP; do sleep 0.01; done`,
    `ip addr add 10.${net}.0.${host}/24 dev ${up}`,
    `ip addr add fd0${net}::${host}/64 dev ${up} nodad`,
    ...(kind.type === 'gre'
      ? []
      : [`10.${net}.0.${peerHost}`, `fd0${net}::${peerHost}`].map(
          (address) => `ip neigh replace ${address} lladdr ${mac} nud permanent dev ${up}`,
        )),
  ];
  return { at, run: run.join('; ') };
}

/** Both ends of the only cable, or of the router's second one. */
function ends(bed: Testbed): readonly [End, End] {
  if (bed.shape === 'pair') {
    const client = {
      at: 'client',
      device: 'eth0',
      net: 1,
      host: 1,
      peer: 'server',
      peerHost: 2,
      peerMac: bed.mac('server'),
    } as const;
    return [client, { ...client, at: 'server', host: 2, peer: 'client', peerHost: 1, peerMac: bed.mac('client') }];
  }
  const router = {
    at: 'router',
    device: 'east',
    net: 2,
    host: 1,
    peer: 'server',
    peerHost: 2,
    peerMac: bed.mac('server'),
  } as const;
  return [router, { ...router, at: 'server', device: 'eth0', host: 2, peer: 'router', peerHost: 1, peerMac: bed.mac('east') }];
}

function fullQueue(at: Role, device: string): Step {
  return { at, run: `tc qdisc add dev ${device} root tbf rate 1mbit burst 1600 limit ${PAYLOAD}` };
}

/** The client and the server have their routes by the cable; the router's are those of the addresses. */
function setUp(bed: Testbed, kind: Kind): Step[] {
  const steps = ends(bed).map((end) => stack(kind, end));
  if (bed.shape === 'router' && kind.type === 'vrf') {
    const west = [
      'ip link set west master up0',
      'ip addr replace fd01::2/64 dev west nodad',
      `ip neigh replace fd01::1 lladdr ${bed.mac('client')} nud permanent dev west`,
      `ip neigh replace 10.1.0.1 lladdr ${bed.mac('client')} nud permanent dev west`,
    ];
    steps.push({ at: 'router', run: west.join('; ') });
  }
  return steps;
}

/** Why there is no such device here, or undefined where there is: asked in a namespace of its own, which goes away at once. */
function whyNoDevice(type: string): string | undefined {
  const { stderr } = spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'up0', 'type', type], { encoding: 'utf8' });
  return /Unknown device type|Operation not supported/.test(stderr) ? `this kernel has no devices of type ${type}` : undefined;
}

interface Place {
  readonly what: string;
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  readonly count: number;
  /** The device whose queue is full; without one a rule drops what is received. */
  readonly full?: string;
}

const RECEIVED: Place = { what: 'received', shape: 'pair', at: 'server', direction: 'ingress', count: 31 };
const SENT: Place = { what: 'sent', shape: 'pair', at: 'client', direction: 'egress', count: 37, full: 'eth0' };
const FORWARDED: Place = { what: 'forwarded', shape: 'router', at: 'router', direction: 'forward', count: 41, full: 'east' };

function scenario(kind: Kind, { what, shape, at, direction, count, full }: Place): Scenario {
  const below = full === undefined || full === 'up0' ? 0 : (kind.tunnel ?? 0);
  return {
    name: `stacked/${kind.what} ${what}`,
    families: below > 0 ? ['ipv4'] : kind.families,
    shape,
    tools: ['nft', 'unshare'],
    whyNot: () => whyNoDevice(kind.type),
    at,
    reason: full === undefined ? 'IPTABLE_RULE_DROP' : 'QDISC_DROP',
    direction,
    setup: (bed) => [
      ...setUp(bed, kind),
      full === undefined
        ? {
            at,
            run: "nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c iifname up0 counter drop'",
          }
        : fullQueue(at, full),
    ],
    ...(below > 0 ? { addresses: (bed: Testbed) => [`${OUTER[at]} > ${OUTER[ends(bed)[0].peer]}`] } : {}),
    counter: (bed) => (full === undefined ? nftRules(bed, at) : qdiscDrops(bed, at, full)),
    cause: async (bed) => {
      const options = kind.type === 'vrf' && shape === 'pair' ? ['dev=up0'] : [];
      const { bytes = 0, drops } = await sendDatagrams(bed, count, PAYLOAD, { options });
      return { drops, bytes: bytes + drops * below };
    },
  };
}

/** What one kind makes of each place: a tunnel forwards by a packet of its own, which this host sends. */
function scenariosOf(kind: Kind): Scenario[] {
  if (kind.tunnel === undefined) return [RECEIVED, SENT, FORWARDED].map((place) => scenario(kind, place));
  return [
    RECEIVED,
    SENT,
    { ...FORWARDED, full: 'up0' },
    { ...FORWARDED, what: 'forwarded, below', direction: 'egress' as const },
  ].map((place) => scenario(kind, place));
}

/** A container's device upon one of the router's: its packets go out by that without having come in. */
function ofAnotherNamespace(count: number): Scenario {
  return {
    name: 'stacked/macvlan of another namespace',
    families: BOTH,
    shape: 'router',
    tools: ['unshare'],
    whyNot: () => whyNoDevice('macvlan'),
    at: 'router',
    reason: 'QDISC_DROP',
    direction: 'egress',
    setup: (bed) => {
      const make = `ip link add link east name up0 netns ${bed.netns('client')} type macvlan mode bridge`;
      const [v4, v6] = ['10.2.0.2', 'fd02::2'];
      const use = [
        'ip link set up0 arp off multicast off',
        'ip link set up0 up',
        'ip addr add 10.2.0.7/24 dev up0',
        'ip addr add fd02::7/64 dev up0 nodad',
        ...[v4, v6].map((address) => `ip neigh replace ${address} lladdr ${bed.mac('server')} nud permanent dev up0`),
      ];
      return [{ at: 'router', run: make }, { at: 'client', run: use.join('; ') }, fullQueue('router', 'east')];
    },
    addresses: (bed) => [`${bed.v6 ? 'fd02::7' : '10.2.0.7'} > ${bed.target}`],
    counter: (bed) => qdiscDrops(bed, 'router', 'east'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** Devices that lie on others, by which the packets come in, go out and are forwarded. */
export const stackedScenarios: readonly Scenario[] = [...KINDS.flatMap(scenariosOf), ofAnotherNamespace(43)];
