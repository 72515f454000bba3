import { type IptablesVariant, iptablesRules } from '../counters.ts';
import type { Direction, Scenario } from '../scenario.ts';
import type { Role, Shape } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

interface Place {
  readonly what: string;
  readonly table: string;
  readonly chain: string;
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  readonly target?: string;
  readonly count: number;
  readonly payload: number;
}

const PLACES: readonly Place[] = [
  {
    what: 'PREROUTING raw',
    table: 'raw',
    chain: 'PREROUTING',
    shape: 'pair',
    at: 'server',
    direction: 'ingress',
    count: 11,
    payload: 101,
  },
  {
    what: 'PREROUTING mangle',
    table: 'mangle',
    chain: 'PREROUTING',
    shape: 'pair',
    at: 'server',
    direction: 'ingress',
    count: 13,
    payload: 103,
  },
  {
    what: 'PREROUTING forwarded',
    table: 'raw',
    chain: 'PREROUTING',
    shape: 'router',
    at: 'router',
    direction: 'ingress',
    count: 17,
    payload: 107,
  },
  { what: 'INPUT', table: 'filter', chain: 'INPUT', shape: 'pair', at: 'server', direction: 'ingress', count: 19, payload: 109 },
  {
    what: 'INPUT loopback',
    table: 'filter',
    chain: 'INPUT',
    shape: 'solo',
    at: 'client',
    direction: 'ingress',
    count: 23,
    payload: 113,
  },
  { what: 'OUTPUT', table: 'filter', chain: 'OUTPUT', shape: 'pair', at: 'client', direction: 'egress', count: 29, payload: 127 },
  {
    what: 'FORWARD',
    table: 'filter',
    chain: 'FORWARD',
    shape: 'router',
    at: 'router',
    direction: 'forward',
    count: 31,
    payload: 131,
  },
  {
    what: 'POSTROUTING local',
    table: 'mangle',
    chain: 'POSTROUTING',
    shape: 'pair',
    at: 'client',
    direction: 'egress',
    count: 37,
    payload: 137,
  },
  {
    what: 'POSTROUTING forwarded',
    table: 'mangle',
    chain: 'POSTROUTING',
    shape: 'router',
    at: 'router',
    direction: 'forward',
    count: 41,
    payload: 139,
  },
  {
    what: 'REJECT INPUT',
    table: 'filter',
    chain: 'INPUT',
    shape: 'pair',
    at: 'server',
    direction: 'ingress',
    target: 'REJECT',
    count: 43,
    payload: 149,
  },
  {
    what: 'REJECT FORWARD',
    table: 'filter',
    chain: 'FORWARD',
    shape: 'router',
    at: 'router',
    direction: 'forward',
    target: 'REJECT',
    count: 47,
    payload: 151,
  },
];

function scenario(variant: IptablesVariant, place: Place): Scenario {
  const { table, chain, shape, at, direction, target = 'DROP' } = place;
  return {
    name: `iptables-${variant}/${place.what}`,
    families: BOTH,
    shape,
    tools: [`iptables-${variant}`, `ip6tables-${variant}`],
    at,
    reason: 'IPTABLE_RULE_DROP',
    direction,
    setup: (bed) => [iptablesRule(bed, variant, at, `-t ${table}`, `${chain} -p udp -j ${target}`)],
    counter: (bed) => iptablesRules(bed, at, variant, table),
    cause: (bed) => sendDatagrams(bed, place.count, place.payload),
  };
}

/** Rules of both backends, in every chain that can drop a packet. */
export const iptablesScenarios: readonly Scenario[] = (['nft', 'legacy'] as const).flatMap((variant) =>
  PLACES.map((place) => scenario(variant, place)),
);
