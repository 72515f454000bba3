import { iptablesRules } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import { BOTH } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

const COUNT = 300_007;
const [PAYLOAD, ICMP_HEADER] = [56, 8];

/** As fast as one CPU sends; the drops happen on the same CPU. Drops that interrupt our programs must be in `nested`. */
export const floodScenarios: readonly Scenario[] = [
  {
    name: 'flood/ICMP in INPUT',
    families: BOTH,
    shape: 'pair',
    tools: ['iptables-nft'],
    at: 'server',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'ingress',
    mayInterruptItself: true,
    setup: (bed) => [iptablesRule(bed, 'nft', 'server', '', `INPUT -p ${bed.v6 ? 'icmpv6' : 'icmp'} -j DROP`)],
    counter: (bed) => iptablesRules(bed, 'server', 'nft', 'filter'),
    cause: async (bed) => {
      await bed.traffic('client', 'flood', bed.target, COUNT, PAYLOAD);
      return { drops: COUNT, bytes: COUNT * (bed.header + ICMP_HEADER + PAYLOAD) };
    },
  },
];
