import { nftRules } from '../counters.ts';
import type { Direction, Scenario } from '../scenario.ts';

/** Bytes of an ARP packet for IPv4 on Ethernet, and of the link's header, which a reply has when it comes to the rules. */
const [ARP_BYTES, ETHERNET] = [28, 14];

/**
 * Requests, and the replies that the kernel makes of them. The server's device speaks no ARP usually; turning it on makes the
 * kernel forget its neighbours, so there is no way to undo it, and has IPv6 report its groups, so it has to go first.
 */
function arp(hook: 'input' | 'output', direction: Direction, count: number): Scenario {
  return {
    name: `nftables/arp ${hook}`,
    families: ['ipv4'], // IPv6 has none
    network: 'other',
    shape: 'pair',
    tools: ['nft'],
    at: 'server',
    reason: 'IPTABLE_RULE_DROP',
    direction,
    setup: () => {
      const chain = `add chain arp t c { type filter hook ${hook} priority 0; }; add rule arp t c counter drop`;
      const speak = 'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 arp on';
      return [{ at: 'server', run: `nft 'add table arp t; ${chain}'; ${speak}` }];
    },
    addresses: () => [' > '],
    counter: (bed) => nftRules(bed, 'server', { before: hook === 'output' ? ETHERNET : 0 }),
    cause: async (bed) => {
      await bed.traffic('client', 'arp', 'eth0', bed.target, bed.source, count);
      return { drops: count, bytes: count * ARP_BYTES };
    },
  };
}

/** Rules for what is no IP at all. */
export const arpScenarios: readonly Scenario[] = [arp('input', 'ingress', 41), arp('output', 'egress', 43)];
