import { deviceCount } from '../counters.ts';
import type { Scenario, Step } from '../scenario.ts';
import type { Role, Testbed } from '../testbed.ts';
import { BOTH, datagramBytes, nowhere } from './datagrams.ts';

const PAYLOAD = 457;

/** A device whose ring is always full, or one that is down. */
function tun(at: Role, up: boolean): Step {
  const quiet = 'echo 0 > /proc/sys/net/ipv6/conf/default/forwarding'; // a router would join a group on it
  const make = `${quiet}; ip tuntap add dev tun0 mode tun; ip link set tun0 multicast off txqueuelen 0`;
  const route = 'ip link set tun0 up; ip route add 10.99.0.0/24 dev tun0; ip route add fd99::/64 dev tun0';
  return { at, run: up ? `${make}; ${route}` : make, undo: 'ip tuntap del dev tun0 mode tun' };
}

function full(what: string, shape: 'pair' | 'router', at: Role, direction: 'egress' | 'forward', count: number): Scenario {
  return {
    name: `tun/ring full ${what}`,
    families: BOTH,
    shape,
    at,
    reason: 'FULL_RING',
    direction,
    setup: () => [tun(at, true)],
    addresses: (bed) => [`${bed.source} > ${nowhere(bed)}`],
    counter: (bed) => deviceCount(bed, at, 'tun0', 'tx', 'dropped'),
    cause: async (bed) => {
      await bed.traffic(at, 'tun-full', 'tun0', bed.netns('client'), nowhere(bed), count, PAYLOAD);
      return { drops: count, bytes: count * datagramBytes(bed, PAYLOAD) };
    },
  };
}

async function write(bed: Testbed, count: number) {
  await bed.traffic('client', 'tun-write', 'tun0', bed.source, nowhere(bed), count, PAYLOAD);
  return { drops: count, bytes: count * datagramBytes(bed, PAYLOAD) };
}

/** The devices of most VPNs: a program reads packets that this host sends, and packets that it writes are received. */
export const tunScenarios: readonly Scenario[] = [
  full('sent', 'pair', 'client', 'egress', 43),
  full('forwarded', 'router', 'router', 'forward', 47),
  {
    name: 'tun/written while down',
    families: BOTH,
    shape: 'pair',
    at: 'client',
    reason: 'DEV_READY',
    direction: 'ingress',
    setup: () => [tun('client', false)],
    addresses: (bed) => [`${bed.source} > ${nowhere(bed)}`],
    counter: (bed) => deviceCount(bed, 'client', 'tun0', 'rx', 'dropped'),
    cause: (bed) => write(bed, 53),
  },
];
