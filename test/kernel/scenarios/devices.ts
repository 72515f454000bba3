import { qdiscDrops } from '../counters.ts';
import type { Scenario, Step } from '../scenario.ts';
import { DROP_ALL, type Role, type Shape } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 503;

/** A queue smaller than a packet: always full, regardless of how fast the machine sends and the queue drains. */
function tbf(what: string, shape: Shape, at: Role, device: string, direction: 'egress' | 'forward', count: number): Scenario {
  return {
    name: `devices/tbf ${what}`,
    families: BOTH,
    shape,
    at,
    reason: 'QDISC_DROP',
    direction,
    setup: () => [
      {
        at,
        run: `tc qdisc add dev ${device} root tbf rate 1mbit burst 1600 limit ${PAYLOAD}`,
        undo: `tc qdisc del dev ${device} root`,
      },
    ],
    counter: (bed) => qdiscDrops(bed, at, device),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

function tcProgram(at: Role, side: 'ingress' | 'egress'): Step {
  const filter = `tc filter add dev eth0 ${side} bpf direct-action object-file ${DROP_ALL} section tc`;
  return { at, run: `tc qdisc add dev eth0 clsact; ${filter}`, undo: 'tc qdisc del dev eth0 clsact' };
}

/** Packets dropped between a device and IP: in its queue, and by tc programs. */
export const deviceScenarios: readonly Scenario[] = [
  tbf('local', 'pair', 'client', 'eth0', 'egress', 79),
  tbf('forwarded', 'router', 'router', 'east', 'forward', 83),
  {
    name: 'devices/tc-bpf in',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'TC_INGRESS',
    direction: 'ingress',
    setup: () => [tcProgram('server', 'ingress')],
    counter: (bed) => qdiscDrops(bed, 'server', 'eth0'),
    cause: (bed) => sendDatagrams(bed, 89, PAYLOAD),
  },
  {
    name: 'devices/tc-bpf out',
    families: BOTH,
    shape: 'pair',
    at: 'client',
    reason: 'TC_EGRESS',
    direction: 'egress',
    setup: () => [tcProgram('client', 'egress')],
    counter: (bed) => qdiscDrops(bed, 'client', 'eth0'),
    cause: (bed) => sendDatagrams(bed, 97, PAYLOAD),
  },
];
