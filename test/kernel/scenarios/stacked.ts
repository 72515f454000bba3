import { spawnSync } from 'node:child_process';
import { nftRules, qdiscDrops } from '../counters.ts';
import type { Direction, Scenario, Step } from '../scenario.ts';
import type { Role, Shape, Testbed } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';
import { KINDS, type Kind, OUTER, UPPER_MAC } from './stacked_kinds.ts';

const PAYLOAD = 431;
/** For devices that only send IPv4: IPv6 would send packets on its own. */
const WITHOUT_IPV6 = 'echo 1 > /proc/sys/net/ipv6/conf/up0/disable_ipv6';

/** The endpoints of a tunnel are addresses of the cable. */
function outer(device: string, own: Role, peer: Role, peerMac: string): string[] {
  return [
    `addr add ${OUTER[own]}/24 dev ${device}`,
    `neigh replace ${OUTER[peer]} lladdr ${peerMac} nud permanent dev ${device}`,
  ];
}

/** One end of a cable: its namespace, device and network, and the other end. */
interface End {
  readonly at: Role;
  readonly device: string;
  readonly net: number;
  readonly host: number;
  readonly peer: Role;
  readonly peerHost: number;
  readonly peerMac: string;
}

/** A script that passes all lines to one `ip` process, because starting programs takes most of the time under emulation. */
function ip(lines: readonly string[]): string {
  return `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} | ip -batch -`;
}

/** Creates the device on top of the cable, and moves the cable's addresses to it. */
function stack(kind: Kind, { at, device, net, host, peer, peerHost, peerMac }: End): Step {
  const up = kind.below ? device : 'up0';
  const mac = kind.ownMac ? UPPER_MAC[peer] : peerMac;
  const lines = [
    `addr flush dev ${device}`,
    ...(kind.tunnel === undefined ? [] : outer(device, at, peer, peerMac)),
    ...kind.make(device, at, peer),
    'link set up0 arp off multicast off',
    'link set up0 up',
    `addr add 10.${net}.0.${host}/24 dev ${up}`,
    `addr add fd0${net}::${host}/64 dev ${up} nodad`,
    ...(kind.type === 'gre'
      ? []
      : [`10.${net}.0.${peerHost}`, `fd0${net}::${peerHost}`].map(
          (address) => `neigh replace ${address} lladdr ${mac} nud permanent dev ${up}`,
        )),
  ];
  const quiet = 'echo 0 > /proc/sys/net/ipv6/conf/default/forwarding'; // a router would join groups on it
  return { at, run: `${quiet}; ${ip(lines)}` };
}

/** Waits until the device and the cable below it carry packets. The kernel's link watch detects this asynchronously. */
function carrying({ at, device }: End): Step {
  const links = `ip -o link show up | grep -cE ': (up0|${device})[@:].*LOWER_UP'`;
  return { at, run: `until [ "$(${links})" = 2 ]; do sleep 0.01; done` };
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
  return {
    at,
    run: `tc qdisc add dev ${device} root tbf rate 1mbit burst 1600 limit ${PAYLOAD}`,
    undo: `tc qdisc del dev ${device} root`,
  };
}

/** The client and the server have routes through the cable. The router's routes come from its addresses. */
function setUp(bed: Testbed, kind: Kind): Step[] {
  const both = ends(bed);
  const steps = both.map((end) => stack(kind, end));
  if (bed.shape === 'router' && kind.type === 'vrf') {
    const west = [
      'link set west master up0',
      'addr replace fd01::2/64 dev west nodad',
      `neigh replace fd01::1 lladdr ${bed.mac('client')} nud permanent dev west`,
      `neigh replace 10.1.0.1 lladdr ${bed.mac('client')} nud permanent dev west`,
    ];
    steps.push({ at: 'router', run: ip(west) });
  }
  return [...steps, ...both.map(carrying)];
}

/** Why this device is not available here, or undefined if it is. Tested in a separate namespace, which is removed immediately. */
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
  /** The device whose queue is full. Without it, a rule drops received packets. */
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
    ground: { name: kind.what, steps: (bed) => setUp(bed, kind) },
    setup: () => [
      full === undefined
        ? {
            at,
            run: "nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c iifname up0 counter drop'",
            undo: 'nft delete table inet t',
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

/** The result for one kind of device at each place. A tunnel forwards in a new packet, which this host sends. */
function scenariosOf(kind: Kind): Scenario[] {
  if (kind.tunnel === undefined) return [RECEIVED, SENT, FORWARDED].map((place) => scenario(kind, place));
  return [
    RECEIVED,
    SENT,
    { ...FORWARDED, full: 'up0' },
    { ...FORWARDED, what: 'forwarded, below', direction: 'egress' as const },
  ].map((place) => scenario(kind, place));
}

/** A container's device on top of a device of the router. Its packets leave through that device without having been received there. */
function ofAnotherNamespace(type: 'macvlan' | 'ipvlan', mode: string, count: number): Scenario {
  return {
    name: `stacked/${type} of another namespace`,
    // An ipvlan has the hardware address of the device below, and so shares the packets that IPv6 sends there on its own.
    families: type === 'ipvlan' ? ['ipv4'] : BOTH,
    shape: 'router',
    tools: ['unshare'],
    whyNot: () => whyNoDevice(type),
    at: 'router',
    reason: 'QDISC_DROP',
    direction: 'egress',
    setup: (bed) => {
      const make = `ip link add link east name up0 netns ${bed.netns('client')} type ${type} mode ${mode}`;
      const v6 = ['addr add fd02::7/64 dev up0 nodad', `neigh replace fd02::2 lladdr ${bed.mac('server')} nud permanent dev up0`];
      const use = ip([
        'link set up0 arp off multicast off',
        'link set up0 up',
        'addr add 10.2.0.7/24 dev up0',
        `neigh replace 10.2.0.2 lladdr ${bed.mac('server')} nud permanent dev up0`,
        ...(type === 'ipvlan' ? [] : v6),
      ]);
      const run = type === 'ipvlan' ? `${WITHOUT_IPV6}; ${use}` : use;
      return [{ at: 'router', run: make }, { at: 'client', run }, fullQueue('router', 'east')];
    },
    addresses: (bed) => [`${bed.v6 ? 'fd02::7' : '10.2.0.7'} > ${bed.target}`],
    counter: (bed) => qdiscDrops(bed, 'router', 'east'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** Packets that an ipvlan of the router forwards: it routes them again, as packets of this host, to the device below. */
function forwardedByIpvlan(): Scenario {
  return {
    name: 'stacked/ipvlan forwarded, below',
    families: ['ipv4'],
    shape: 'router',
    tools: ['unshare'],
    whyNot: () => whyNoDevice('ipvlan'),
    at: 'router',
    reason: 'QDISC_DROP',
    direction: 'egress',
    setup: (bed) => {
      const make = 'ip link add link east name up0 type ipvlan mode l3';
      const use = [
        'link set up0 arp off multicast off',
        'link set up0 up',
        // The route to the server goes through it, though its address was that of the device below.
        'addr del 10.2.0.1/24 dev east',
        'addr add 10.2.0.1/24 dev up0',
        `neigh replace 10.2.0.2 lladdr ${bed.mac('server')} nud permanent dev east`,
      ];
      return [{ at: 'router', run: `${make}; ${WITHOUT_IPV6}; ${ip(use)}` }, fullQueue('router', 'east')];
    },
    counter: (bed) => qdiscDrops(bed, 'router', 'east'),
    cause: (bed) => sendDatagrams(bed, 47, PAYLOAD),
  };
}

/** Devices on top of other devices, through which packets are received, sent and forwarded. */
export const stackedScenarios: readonly Scenario[] = [
  ...KINDS.flatMap(scenariosOf),
  ofAnotherNamespace('macvlan', 'bridge', 43),
  ofAnotherNamespace('ipvlan', 'l2', 53),
  forwardedByIpvlan(),
];
