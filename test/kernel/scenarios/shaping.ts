import { qdiscDrops, times } from '../counters.ts';
import type { Direction, Scenario, Step } from '../scenario.ts';
import type { Role, Shape } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 479;

/** A queue smaller than a packet. */
function fullQueue(device: string): string {
  return `tc qdisc add dev ${device} root tbf rate 1mbit burst 1600 limit ${PAYLOAD}`;
}

/** Redirects all traffic to ifb0. This is how Linux shapes received packets. */
function redirect(device: string, parent: string): string {
  const all = 'u32 match u32 0 0';
  return `tc filter add dev ${device} ${parent} protocol all prio 1 ${all} action mirred egress redirect dev ifb0`;
}

interface Shaping {
  readonly what: string;
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  readonly count: number;
  readonly device: string;
  /** Where the packets are redirected from the device. */
  readonly from: 'ingress' | 'egress' | 'class';
  /** Where they are dropped. */
  readonly full: string;
  /**
   * tc redirects a copy. A classful queueing discipline then frees the original like a dropped packet, though its own counter does not
   * count it (htb_enqueue()).
   */
  readonly twice?: true;
}

const QDISC = {
  ingress: (device: string) => `tc qdisc add dev ${device} clsact; ${redirect(device, 'ingress')}`,
  egress: (device: string) => `tc qdisc add dev ${device} clsact; ${redirect(device, 'egress')}`,
  // A filter of a queueing discipline runs after the route was released.
  class: (device: string) => `tc qdisc add dev ${device} root handle 1: htb; ${redirect(device, 'parent 1:')}`,
} as const;

function steps({ at, device, from, full }: Shaping): Step[] {
  const ifb = 'ip link add ifb0 type ifb; ip link set ifb0 multicast off up';
  const remove = from === 'class' ? 'root' : 'clsact';
  const queue = full === 'ifb0' ? [] : [`tc qdisc del dev ${full} root`];
  const undo = [`tc qdisc del dev ${device} ${remove}`, ...queue, 'ip link del ifb0'];
  return [{ at, run: [ifb, QDISC[from](device), fullQueue(full)].join('; '), undo: undo.join('; ') }];
}

const PAIR = { shape: 'pair', device: 'eth0' } as const;
const ROUTER = { shape: 'router', at: 'router' } as const;

const SHAPINGS: readonly Shaping[] = [
  { ...PAIR, what: 'received', at: 'server', from: 'ingress', full: 'ifb0', direction: 'ingress', count: 101 },
  { ...PAIR, what: 'sent', at: 'client', from: 'egress', full: 'ifb0', direction: 'egress', count: 103 },
  { ...PAIR, what: 'sent from a class', at: 'client', from: 'class', full: 'ifb0', twice: true, direction: 'egress', count: 107 },
  { ...PAIR, what: 'sent and passed', at: 'client', from: 'egress', full: 'eth0', direction: 'egress', count: 109 },
  // Before routing, it is an incoming packet.
  { ...ROUTER, what: 'received by a router', device: 'west', from: 'ingress', full: 'ifb0', direction: 'ingress', count: 113 },
  {
    ...ROUTER,
    what: 'received by a router and passed',
    device: 'west',
    from: 'ingress',
    full: 'east',
    direction: 'forward',
    count: 127,
  },
  { ...ROUTER, what: 'forwarded', device: 'east', from: 'egress', full: 'ifb0', direction: 'forward', count: 131 },
  {
    ...ROUTER,
    what: 'forwarded from a class',
    device: 'east',
    from: 'class',
    full: 'ifb0',
    twice: true,
    direction: 'forward',
    count: 137,
  },
  { ...ROUTER, what: 'forwarded and passed', device: 'east', from: 'egress', full: 'east', direction: 'forward', count: 139 },
];

/** Queues of an ifb, and queues that a packet reaches after an ifb. */
export const shapingScenarios: readonly Scenario[] = SHAPINGS.map((shaping) => ({
  name: `shaping/${shaping.what}`,
  families: BOTH,
  shape: shaping.shape,
  at: shaping.at,
  reason: 'QDISC_DROP',
  direction: shaping.direction,
  setup: () => steps(shaping),
  counter: (bed) => times(shaping.twice ? 2 : 1, qdiscDrops(bed, shaping.at, shaping.full)),
  cause: async (bed) => {
    const { bytes = 0, drops } = await sendDatagrams(bed, shaping.count, PAYLOAD);
    return shaping.twice ? { drops: 2 * drops, bytes: 2 * bytes } : { drops, bytes };
  },
}));
