import { type IptablesVariant, iptables, iptablesPolicies, iptablesRules, nftRules } from '../counters.ts';
import type { Caused, Direction, Scenario, Step } from '../scenario.ts';
import type { Role, Shape, Testbed } from '../testbed.ts';
import { BOTH, datagramBytes, sendDatagrams } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

const PAYLOAD = 601;
/** Two ports on which nothing listens: what is sent to the one is dropped by NAT, what is sent to the other by a rule. */
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

/** The four hooks that have NAT, each for what is received, sent and forwarded there. */
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

/** A NAT chain is asked about the first packet of a connection, and only where a rule asks for connections at all. */
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
 * iptables refuses DROP in its nat table ("not intended for filtering"), but a table that is restored may have it for a
 * chain's policy. That table stays in the namespace, so there is no way to undo it.
 */
function byPolicy({ hook, what = '', shape, at, direction, count }: Place): Scenario {
  const chain = hook.toUpperCase();
  const chains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((one) => `:${one} ${one === chain ? 'DROP' : 'ACCEPT'}`);
  const ask = `-A ${chain} -m conntrack --ctstate INVALID`; // changes nothing, but has connections followed in this namespace
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

/** A router that has no address of its own to masquerade with, on any device. */
function nameless(bed: Testbed): Step {
  const flush = ['lo', 'west', 'east'].map((device) => `ip addr flush dev ${device}`);
  const routes = bed.v6
    ? ['ip -6 route add fd01::/64 dev west', 'ip -6 route add fd02::/64 dev east']
    : ['ip route add 10.1.0.0/24 dev west', 'ip route add 10.2.0.0/24 dev east'];
  const neighbour = `ip neigh replace ${bed.target} lladdr ${bed.mac('server')} nud permanent dev east`;
  return { at: 'router', run: [...flush, ...routes, neighbour].join('; ') };
}

/** The target says NF_DROP by itself, as it does where an address has just gone. */
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

/** Packets that pass the NAT chain and meet a rule right behind it, among others that the chain drops. */
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

/** A rule that rejects where NAT is at work: one packet, and no drop of NAT's. */
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

/** Drops of NAT, and drops of rules that NAT only let pass. */
export const natScenarios: readonly Scenario[] = [
  ...PLACES.map(inChain),
  mixed(),
  rejected(),
  masquerade('nft', 37),
  masquerade('legacy', 41),
  ...PLACES.map(byPolicy),
];
