import { type IptablesVariant, iptables, iptablesPolicies, iptablesRules, nftRules } from '../counters.ts';
import type { Caused, Direction, Scenario, Step } from '../scenario.ts';
import type { Role, Shape, Testbed } from '../testbed.ts';
import { BOTH, datagramBytes, sendDatagrams } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

const PAYLOAD = 601;
/** Two ports without a listener. NAT drops packets to the first, a rule those to the second. */
const [NAT_PORT, RULE_PORT] = [9, 10];

interface Place {
  readonly hook: string;
  readonly what?: string;
  readonly priority: number;
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  readonly count: number;
}

/** The four hooks with NAT, each for packets that are received, sent and forwarded there. */
const PLACES: readonly Place[] = [
  { hook: 'prerouting', priority: -100, shape: 'pair', at: 'server', direction: 'ingress', count: 11 },
  {
    hook: 'prerouting',
    what: ' forwarded',
    priority: -100,
    shape: 'router',
    at: 'router',
    direction: 'ingress',
    count: 13,
  },
  { hook: 'input', priority: 100, shape: 'pair', at: 'server', direction: 'ingress', count: 17 },
  { hook: 'output', priority: -100, shape: 'pair', at: 'client', direction: 'egress', count: 19 },
  { hook: 'postrouting', priority: 100, shape: 'pair', at: 'client', direction: 'egress', count: 23 },
  {
    hook: 'postrouting',
    what: ' forwarded',
    priority: 100,
    shape: 'router',
    at: 'router',
    direction: 'forward',
    count: 29,
  },
];

/** A NAT chain sees only the first packet of a connection, and only if a rule uses connection tracking. */
function natChain(at: Role, hook: string, priority: number, rule: string): Step {
  const chain = `add chain inet t c { type nat hook ${hook} priority ${priority}; }; add rule inet t c ${rule}`;
  return { at, run: `nft 'add table inet t; ${chain}'`, undo: 'nft delete table inet t' };
}

function inChain({ hook, what = '', priority, shape, at, direction, count }: Place): Scenario {
  return {
    name: `nat/nft ${hook}${what}`,
    families: BOTH,
    shape,
    tools: ['nft'],
    hook: 'nat',
    freedInChain: true,
    at,
    reason: 'IPTABLE_NAT_DROP',
    direction,
    setup: () => [natChain(at, hook, priority, 'ct state new meta l4proto udp counter drop')],
    counter: (bed) => nftRules(bed, at),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/**
 * iptables refuses DROP in its nat table ("not intended for filtering"), but a restored table may have it as a chain's policy. That table
 * stays in the namespace, so it can't be undone.
 */
function byPolicy({ hook, what = '', shape, at, direction, count }: Place): Scenario {
  const chain = hook.toUpperCase();
  const chains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((one) => `:${one} ${one === chain ? 'DROP' : 'ACCEPT'}`);
  const ask = `-A ${chain} -m conntrack --ctstate INVALID`; // changes nothing, but turns on connection tracking in this namespace
  return {
    name: `nat/legacy ${chain}${what}`,
    families: BOTH,
    shape,
    tools: ['iptables-legacy-restore', 'ip6tables-legacy-restore'],
    hook: 'nat',
    at,
    reason: 'IPTABLE_NAT_DROP',
    direction,
    setup: (bed) => [
      { at, run: `printf '${['*nat', ...chains, ask, 'COMMIT'].join('\\n')}\\n' | ${iptables(bed, 'legacy')}-restore` },
    ],
    counter: (bed) => iptablesPolicies(bed, at, 'legacy', 'nat'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** A router without an address to masquerade with, on any device. */
function nameless(bed: Testbed): Step {
  const flush = ['lo', 'west', 'east'].map((device) => `ip addr flush dev ${device}`);
  const routes = bed.v6
    ? ['ip -6 route add fd01::/64 dev west', 'ip -6 route add fd02::/64 dev east']
    : ['ip route add 10.1.0.0/24 dev west', 'ip route add 10.2.0.0/24 dev east'];
  const neighbour = `ip neigh replace ${bed.target} lladdr ${bed.mac('server')} nud permanent dev east`;
  return { at: 'router', run: [...flush, ...routes, neighbour].join('; ') };
}

/** The target itself returns NF_DROP, as it does when an address has just been removed. */
function masquerade(variant: IptablesVariant, count: number): Scenario {
  return {
    name: `nat/${variant} MASQUERADE without an address`,
    families: BOTH,
    shape: 'router',
    tools: [`iptables-${variant}`, `ip6tables-${variant}`],
    hook: 'nat',
    ...(variant === 'nft' ? { freedInChain: true } : {}),
    at: 'router',
    reason: 'IPTABLE_NAT_DROP',
    direction: 'forward',
    setup: (bed) => [nameless(bed), iptablesRule(bed, variant, 'router', '-t nat', `POSTROUTING -o east -p udp -j MASQUERADE`)],
    counter: (bed) => iptablesRules(bed, 'router', variant, 'nat'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** Packets that pass the NAT chain and reach a rule right after it, mixed with others that the chain drops. */
function mixed(): Scenario {
  const [rounds, ofNat, ofRule] = [7, 3, 5];
  return {
    name: 'nat/NAT and rule by turns',
    families: BOTH,
    shape: 'pair',
    tools: ['nft', 'iptables-nft'],
    hook: 'nat',
    freedInChain: true,
    at: 'server',
    reason: 'IPTABLE_NAT_DROP',
    direction: 'ingress',
    setup: (bed) => [
      natChain('server', 'prerouting', -100, `ct state new udp dport ${NAT_PORT} counter drop`),
      iptablesRule(bed, 'nft', 'server', '-t mangle', `INPUT -p udp --dport ${RULE_PORT} -j DROP`),
    ],
    counter: (bed) => nftRules(bed, 'server', { table: 'inet t' }),
    cause: async (bed): Promise<Caused> => {
      let drops = 0;
      for (let round = 0; round < rounds; round++) {
        await sendDatagrams(bed, ofNat, PAYLOAD, { port: NAT_PORT });
        await sendDatagrams(bed, ofRule, PAYLOAD, { port: RULE_PORT });
        drops += ofNat;
      }
      const also = rounds * ofRule;
      const bytes = datagramBytes(bed, PAYLOAD);
      return {
        drops,
        bytes: drops * bytes,
        also: [{ reason: 'IPTABLE_RULE_DROP', direction: 'ingress', drops: also, bytes: also * bytes }],
      };
    },
  };
}

/** A rule that rejects while NAT is active: one packet, not dropped by NAT. */
function rejected(): Scenario {
  return {
    name: 'nat/REJECT behind NAT',
    families: BOTH,
    shape: 'pair',
    tools: ['nft', 'iptables-nft'],
    hook: 'nat',
    at: 'server',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'ingress',
    setup: (bed) => [
      natChain('server', 'prerouting', -100, 'ct state new accept'),
      iptablesRule(bed, 'nft', 'server', '', 'INPUT -p udp -j REJECT'),
    ],
    counter: (bed) => iptablesRules(bed, 'server', 'nft', 'filter'),
    cause: (bed) => sendDatagrams(bed, 31, PAYLOAD),
  };
}

/** Drops by NAT, and drops by rules after NAT has passed the packet. */
export const natScenarios: readonly Scenario[] = [
  ...PLACES.map(inChain),
  mixed(),
  rejected(),
  masquerade('nft', 37),
  masquerade('legacy', 41),
  ...PLACES.map(byPolicy),
];
