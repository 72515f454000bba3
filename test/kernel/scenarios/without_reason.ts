import { type Counter, deviceCount, sharedSnmp, snmp } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import type { Testbed } from '../testbed.ts';
import { BOTH, datagramBytes, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 457;
const GROUP = { ipv4: '239.9.8.7', ipv6: 'ff05::987' } as const;

/** What a socket unpacks counts as read; in IPv4's table for IPv6 too, on older kernels. */
function unpacked(bed: Testbed): Counter {
  const own = snmp(bed, 'server', 'Udp', 'InDatagrams');
  if (!bed.v6) return own;
  const shared = sharedSnmp(bed, 'server', 'Udp', 'InDatagrams');
  return async () => ({ drops: (await own()).drops + (await shared()).drops });
}

/** What ordinary traffic has freed without a reason: the function that frees it tells the class. */
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
    // The kernel has no counter for this: nothing else comes to IP there.
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
];
