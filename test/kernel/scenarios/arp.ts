import { nftRules } from '../counters.ts';
import type { Direction, Scenario } from '../scenario.ts';
import { noEgress } from './nftables.ts';

/** Bytes of an ARP packet for IPv4 on Ethernet, and of the link header, which a reply has when it reaches the rules. */
const [ARP_BYTES, ETHERNET] = [28, 14];

/**
 * Requests, and the replies that the kernel makes from them. ARP is usually off on the server's device. Turning it on makes the kernel
 * forget its neighbours, so it can't be undone. It also makes IPv6 report its groups, so it must come first.
 */
function arp(table: 'arp' | 'netdev', hook: 'input' | 'output' | 'egress', direction: Direction, count: number): Scenario {
  return {
    name: `nftables/${table === 'arp' ? 'arp' : 'arp netdev'} ${hook}`,
    ...(table === 'netdev' ? { whyNot: noEgress } : {}),
    families: ['ipv4'], // IPv6 has none
    network: 'other',
    shape: 'pair',
    tools: ['nft'],
    at: 'server',
    reason: 'IPTABLE_RULE_DROP',
    direction,
    setup: () => {
      const at = table === 'netdev' ? `${hook} device eth0` : hook;
      const chain = `add chain ${table} t c { type filter hook ${at} priority 0; }; add rule ${table} t c counter drop`;
      const speak = 'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 arp on';
      return [{ at: 'server', run: `nft 'add table ${table} t; ${chain}'; ${speak}` }];
    },
    addresses: () => [' > '],
    counter: (bed) => nftRules(bed, 'server', { before: hook === 'input' ? 0 : ETHERNET }),
    cause: async (bed) => {
      await bed.traffic('client', 'arp', 'eth0', bed.target, bed.source, count);
      return { drops: count, bytes: count * ARP_BYTES };
    },
  };
}

/** Rules for packets that are not IP. */
export const arpScenarios: readonly Scenario[] = [
  arp('arp', 'input', 'ingress', 41),
  arp('arp', 'output', 'egress', 43),
  arp('netdev', 'egress', 'egress', 47),
];
