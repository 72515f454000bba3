import { lostBeforeIp } from '../counters.ts';
import type { Scenario, Step } from '../scenario.ts';
import type { Role, Shape } from '../testbed.ts';
import { DROP_ALL } from '../testbed.ts';
import { BOTH, datagramBytes, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 461;

function program(at: Role, mode: 'xdpgeneric' | 'xdpdrv', section: 'xdp' | 'xdp_tagged'): Step {
  const run = `ip link set dev eth0 ${mode} object ${DROP_ALL} section ${section}`;
  return { at, run, undo: `ip link set dev eth0 ${mode} off` };
}

function dropped(what: string, shape: Shape, mode: 'xdpgeneric' | 'xdpdrv', count: number): Scenario {
  return {
    name: `xdp/${what}`,
    families: BOTH,
    shape,
    at: 'server',
    reason: 'UNKNOWN_DROP',
    class: 'policy',
    classByFunction: BOTH,
    direction: 'ingress',
    // Since 5.18 (718a18a0c8a6) veth restores the link header before the program runs. Before that, the packet begins after it.
    ...(mode === 'xdpdrv' ? { directionByFunction: 'unknown' } : {}),
    setup: () => [program('server', mode, 'xdp')],
    counter: (bed) => lostBeforeIp(bed, 'server', 'eth0'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** VLAN tags are not part of the packet. Bytes begin after them, even if the kernel has not removed them yet. */
function tagged(tags: number, count: number): Scenario {
  return {
    name: `xdp/generic, ${tags} VLAN tag${tags > 1 ? 's' : ''}`,
    families: BOTH,
    network: 'other', // the kernel has not parsed them yet either
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    direction: 'ingress',
    setup: () => [program('server', 'xdpgeneric', 'xdp_tagged')],
    addresses: () => [' > '],
    counter: (bed) => lostBeforeIp(bed, 'server', 'eth0'),
    cause: async (bed) => {
      await bed.traffic('client', 'tagged', 'eth0', bed.mac('server'), bed.source, bed.target, tags, count, PAYLOAD);
      return { drops: count, bytes: count * datagramBytes(bed, PAYLOAD) };
    },
  };
}

/** Programs that drop before the network stack sees the packet: generic XDP, and native XDP of a driver that passes buffers to it. */
export const xdpScenarios: readonly Scenario[] = [
  dropped('generic', 'pair', 'xdpgeneric', 101),
  dropped('native on veth', 'pair', 'xdpdrv', 103),
  dropped('native on veth, forwarded to it', 'router', 'xdpdrv', 107),
  tagged(1, 109),
  tagged(2, 113),
];
