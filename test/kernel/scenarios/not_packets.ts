import { Told } from '../counters.ts';
import type { Scenario } from '../scenario.ts';

function closedWithData(kind: 'unix' | 'netlink', count: number): Scenario {
  return {
    name: `not packets/${kind}`,
    families: ['ipv4'], // has none: once is enough
    shape: 'solo',
    at: 'client',
    reason: 'UNKNOWN_DROP',
    direction: 'unknown',
    counter: () => new Told().counter,
    cause: async (bed) => {
      await bed.traffic('client', 'local', kind, count, 100);
      return { drops: 0, bytes: 0, losses: { not_packet: count } };
    },
  };
}

/** Local sockets, closed with data in them. Freed in the same way, but not packets. */
export const notPacketScenarios: readonly Scenario[] = [closedWithData('unix', 41), closedWithData('netlink', 43)];
