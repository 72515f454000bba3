import { type Counter, deviceCount, sharedSnmp, snmp } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import type { Testbed } from '../testbed.ts';
import { BOTH, datagramBytes, nowhere, PORT, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 457;
const [ETHERNET_HEADER, IGMP_HEADER] = [14, 8];
/** Bytes that a token bucket passes in one burst. */
const BURST = 1600;
const GROUP = { ipv4: '239.9.8.7', ipv6: 'ff05::987' } as const;

/** A packet that a socket decapsulates counts as read. Older kernels count IPv6 in IPv4's table too. */
function unpacked(bed: Testbed): Counter {
  const own = snmp(bed, 'server', 'Udp', 'InDatagrams');
  if (!bed.v6) return own;
  const shared = sharedSnmp(bed, 'server', 'Udp', 'InDatagrams');
  return async () => ({ drops: (await own()).drops + (await shared()).drops });
}

/** Whether iptables sees bridged packets, if the kernel supports it. Separate for each namespace since 5.3. */
function iptablesOnBridges(on: 0 | 1): string {
  const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  return `! [ -e ${setting} ] || echo ${on} >${setting}`;
}

/** Whether a host reports its link-local multicast groups. */
function localReports(on: 0 | 1): string {
  return `echo ${on} >/proc/sys/net/ipv4/igmp_link_local_mcast_reports`;
}

/** Ordinary traffic that is freed without a reason. The function that frees it determines the class. */
export const withoutReasonScenarios: readonly Scenario[] = [
  {
    name: 'without reason/multicast that nobody joined',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    classByFunction: ['ipv6'],
    direction: 'ingress',
    setup: (bed) => [
      {
        at: 'client',
        run: `ip route add ${bed.v6 ? 'multicast ff05::/16 table local' : '239.0.0.0/8'} dev eth0`,
        undo: `ip route del ${bed.v6 ? 'multicast ff05::/16 table local' : '239.0.0.0/8'} dev eth0`,
      },
    ],
    addresses: (bed) => [`${bed.source} > ${GROUP[bed.family]}`],
    // The kernel has no counter for this. Nothing else reaches IP there.
    counter: (bed) => snmp(bed, 'server', 'Ip', 'InReceives'),
    cause: (bed) => sendDatagrams(bed, 53, PAYLOAD, { to: GROUP[bed.family] }),
  },
  {
    name: 'without reason/802.2 for nobody',
    families: ['ipv4'],
    network: 'other',
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    classByFunction: ['ipv4'],
    direction: 'ingress',
    addresses: () => [' > '],
    counter: (bed) => deviceCount(bed, 'server', 'eth0', 'rx', 'packets'),
    cause: async (bed) => {
      const count = 41;
      await bed.traffic('client', 'llc', 'eth0', count, PAYLOAD);
      return { drops: count, bytes: count * PAYLOAD };
    },
  },
  {
    name: 'without reason/keepalives of IPsec behind NAT',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    classByFunction: BOTH,
    direction: 'ingress',
    counter: (bed) => unpacked(bed),
    cause: async (bed) => {
      const count = 47;
      await bed.traffic('client', 'udp-keepalive', bed.netns('server'), bed.target, count);
      return { drops: count, bytes: count * datagramBytes(bed, 1) };
    },
  },
  {
    name: "without reason/a bridge's copy of padded IGMP",
    families: ['ipv4'],
    shape: 'bridge',
    at: 'router',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    classByFunction: ['ipv4'],
    direction: 'ingress',
    // A bridge that snoops joins the group of all snoopers. It must not report this, and can't over IPv6.
    beside: ['IPV6DISABLED'],
    setup: () => [
      { at: 'router', run: iptablesOnBridges(0), undo: iptablesOnBridges(1) }, // it removes the padding before the bridge checks
      { at: 'router', run: localReports(0), undo: localReports(1) },
      { at: 'router', run: 'ip link set br0 type bridge mcast_snooping 1', undo: 'ip link set br0 type bridge mcast_snooping 0' },
    ],
    addresses: () => ['0.0.0.0 > 224.0.0.1'],
    // The bridge copies the frame to check it, and forwards the original.
    counter: (bed) => deviceCount(bed, 'router', 'west', 'rx', 'packets'),
    cause: async (bed) => {
      const count = 43;
      await bed.traffic('client', 'igmp', 'eth0', count);
      return { drops: count, bytes: count * (bed.header + IGMP_HEADER) };
    },
  },
  {
    name: 'without reason/what a queue still held',
    families: BOTH,
    shape: 'pair',
    at: 'client',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    classByFunction: BOTH,
    direction: 'egress',
    // An ifb frees packets without a drop, so nothing is forwarded from there.
    setup: (bed) => {
      const device = 'ip link add ifb0 type ifb; ip link set ifb0 multicast off up';
      const queue = `tc qdisc add dev ifb0 root tbf rate 64bit burst ${BURST} limit 100000`;
      const route = `ip route add ${nowhere(bed)} dev ifb0`;
      return [{ at: 'client', run: [device, queue, route].join('; '), undo: 'ip link del ifb0' }];
    },
    addresses: (bed) => [`${bed.source} > ${nowhere(bed)}`],
    // Sent, but never forwarded.
    counter: (bed) => {
      const sent = snmp(bed, 'client', 'Udp', 'OutDatagrams');
      const passed = deviceCount(bed, 'client', 'ifb0', 'rx', 'dropped');
      return async () => ({ drops: (await sent()).drops - (await passed()).drops });
    },
    cause: async (bed) => {
      const count = 29;
      await bed.traffic('client', 'udp', nowhere(bed), PORT, count, PAYLOAD);
      await bed.sh('client', 'tc qdisc del dev ifb0 root');
      const held = count - Math.floor(BURST / (ETHERNET_HEADER + datagramBytes(bed, PAYLOAD)));
      return { drops: held, bytes: held * datagramBytes(bed, PAYLOAD) };
    },
  },
];
