import { deviceCount, nftRules } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';

const PAYLOAD = 449;

/** A port in the state `disabled`. Without the spanning tree protocol, the other states end on their own. */
function closed(port: 'west' | 'east') {
  return { at: 'router', run: `bridge link set dev ${port} state 0`, undo: `bridge link set dev ${port} state 3` } as const;
}

/** Frames that a bridge accepts from no port, or forwards to none. */
export const bridgePortScenarios: readonly Scenario[] = [
  {
    name: 'bridge/port that takes none',
    families: BOTH,
    shape: 'bridge',
    at: 'router',
    reason: 'BRIDGE_INGRESS_STP_STATE',
    direction: 'ingress',
    setup: () => [closed('west')],
    // The kernel has no counter for it: everything that the port receives is lost.
    counter: (bed) => deviceCount(bed, 'router', 'west', 'rx', 'packets'),
    cause: (bed) => sendDatagrams(bed, 37, PAYLOAD),
  },
  {
    name: 'bridge/no port that is given it',
    families: BOTH,
    shape: 'bridge',
    tools: ['nft'],
    at: 'router',
    reason: 'NO_TX_TARGET',
    direction: 'ingress', // nothing has been passed on
    setup: () => {
      const table =
        'add table bridge t; add chain bridge t c { type filter hook prerouting priority 0; }; add rule bridge t c counter';
      return [closed('east'), { at: 'router', run: `nft '${table}'`, undo: 'nft delete table bridge t' }];
    },
    counter: (bed) => nftRules(bed, 'router'),
    cause: (bed) => sendDatagrams(bed, 39, PAYLOAD),
  },
];
