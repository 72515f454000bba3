import { deviceCount, lostBeforeIp, sharedSnmp, Told, times } from '../counters.ts';
import { fragmentsAreDropped } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { DROP_ALL } from '../testbed.ts';
import { BOTH, datagramBytes, nowhere, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 443;

function rawSocket(): Scenario {
  const told = new Told();
  return {
    name: 'uncounted/raw socket full',
    families: ['ipv4'],
    shape: 'pair',
    at: 'server',
    reason: 'SOCKET_RCVBUFF',
    direction: 'ingress',
    counter: () => told.counter,
    cause: async (bed) => {
      const { dropped = 0 } = await bed.traffic('client', 'raw-full', bed.netns('server'), bed.target, 36, PAYLOAD);
      told.drops += dropped;
      return { drops: 36, bytes: 36 * (bed.header + PAYLOAD) };
    },
  };
}

/** The number of counted fragments of two that overlap. */
function freed(): number {
  return fragmentsAreDropped() ? 2 : 1;
}

/** Packets that the kernel loses without kfree_skb(). Each has a counter in the kernel; docs/metrics.md lists them. */
export const uncountedScenarios: readonly Scenario[] = [
  rawSocket(),
  {
    name: 'uncounted/XDP redirect on veth',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    direction: 'ingress',
    uncounted: true,
    setup: () => [
      {
        at: 'server',
        run: `ip link set dev eth0 xdpdrv object ${DROP_ALL} section xdp_nowhere`,
        undo: 'ip link set dev eth0 xdpdrv off',
      },
    ],
    counter: (bed) => lostBeforeIp(bed, 'server', 'eth0'),
    cause: (bed) => sendDatagrams(bed, 21, PAYLOAD),
  },
  {
    name: 'uncounted/written without a version',
    families: ['ipv4'],
    shape: 'pair',
    at: 'client',
    reason: 'UNKNOWN_DROP',
    direction: 'unknown',
    uncounted: true,
    setup: () => [
      {
        at: 'client',
        run: 'ip tuntap add dev tun0 mode tun; ip link set tun0 multicast off up',
        undo: 'ip tuntap del dev tun0 mode tun',
      },
    ],
    counter: (bed) => deviceCount(bed, 'client', 'tun0', 'rx', 'dropped'),
    cause: async (bed) => {
      await bed.traffic('client', 'tun-write', 'tun0', bed.source, nowhere(bed), 7, PAYLOAD, 'versionless');
      return { drops: 7, bytes: 7 * datagramBytes(bed, PAYLOAD), losses: { not_packet: 7 } };
    },
  },
  {
    name: 'uncounted/fragments that overlap',
    families: ['ipv4'],
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    direction: 'ingress',
    namespaceMayBeLost: true,
    counter: (bed) => times(freed(), sharedSnmp(bed, 'server', 'IpExt', 'ReasmOverlaps')),
    cause: async (bed) => {
      const { bytes = 0 } = await bed.traffic('client', 'overlap', bed.source, bed.target, 29);
      return { drops: 29 * freed(), bytes: 29 * freed() * bytes };
    },
  },
];
