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
    // Since 5.18 (718a18a0c8a6) veth puts the link's header back before the program runs; before, the packet lies behind it.
    ...(mode === 'xdpdrv' ? { directionByFunction: 'unknown' } : {}),
    setup: () => [program('server', mode, 'xdp')],
    counter: (bed) => lostBeforeIp(bed, 'server', 'eth0'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** Tags are no part of the packet: bytes begin behind them, wherever the kernel has yet to take them off. */
function tagged(tags: number, count: number): Scenario {
  return {
    name: `xdp/generic, ${tags} VLAN tag${tags > 1 ? 's' : ''}`,
    families: BOTH,
    network: 'other', // the kernel has yet to look behind them too
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

/** Programs that drop before the stack has seen the packet, generic ones and those of a driver that shows them packets. */
export const xdpScenarios: readonly Scenario[] = [
  dropped('generic', 'pair', 'xdpgeneric', 101),
  dropped('native on veth', 'pair', 'xdpdrv', 103),
  dropped('native on veth, forwarded to it', 'router', 'xdpdrv', 107),
  tagged(1, 109),
  tagged(2, 113),
];
