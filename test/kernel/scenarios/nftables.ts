import { nftRules } from '../counters.ts';
import type { Direction, Scenario } from '../scenario.ts';
import type { Family, Role, Shape } from '../testbed.ts';
import type { View } from '../view.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';

interface Chain {
  readonly what: string;
  /** The table's family, as named by nft. */
  readonly table: string;
  readonly hook: string;
  readonly families: readonly Family[];
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  readonly count: number;
  /** The verdict of the rule, if not `drop`. */
  readonly verdict?: 'reject';
  readonly whyNot?: Scenario['whyNot'];
  /** Bytes before the network header that nft counts for each packet. */
  readonly before?: number;
}

/** Why a netdev table has no such hook, or undefined if it has. */
export function noEgress({ line }: View): string | undefined {
  return line === '5.10' ? 'netdev has no egress before 5.16 (42df6e1d221d)' : undefined;
}

/** The link header, which nft counts if it has already been added. */
const ETHERNET = 14;

const PAYLOAD = 211;

const CHAINS: readonly Chain[] = [
  { what: 'ip', table: 'ip', hook: 'input', families: ['ipv4'], shape: 'pair', at: 'server', direction: 'ingress', count: 11 },
  { what: 'ip6', table: 'ip6', hook: 'input', families: ['ipv6'], shape: 'pair', at: 'server', direction: 'ingress', count: 13 },
  {
    what: 'inet',
    table: 'inet',
    hook: 'forward',
    families: BOTH,
    shape: 'router',
    at: 'router',
    direction: 'forward',
    count: 17,
  },
  // Before routing, it is an incoming packet, dropped or rejected.
  {
    what: 'inet prerouting',
    table: 'inet',
    hook: 'prerouting',
    families: BOTH,
    shape: 'router',
    at: 'router',
    direction: 'ingress',
    count: 41,
  },
  {
    what: 'inet prerouting reject',
    table: 'inet',
    hook: 'prerouting',
    families: BOTH,
    shape: 'router',
    at: 'router',
    direction: 'ingress',
    count: 43,
    verdict: 'reject',
  },
  {
    what: 'inet output',
    table: 'inet',
    hook: 'output',
    families: BOTH,
    shape: 'pair',
    at: 'client',
    direction: 'egress',
    count: 19,
  },
  {
    what: 'bridge prerouting',
    table: 'bridge',
    hook: 'prerouting',
    families: BOTH,
    shape: 'bridge',
    at: 'router',
    direction: 'ingress',
    count: 23,
  },
  {
    what: 'bridge forward',
    table: 'bridge',
    hook: 'forward',
    families: BOTH,
    shape: 'bridge',
    at: 'router',
    direction: 'forward',
    count: 29,
  },
  {
    what: 'netdev ingress',
    table: 'netdev',
    hook: 'ingress device eth0',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    direction: 'ingress',
    count: 31,
  },
  {
    what: 'netdev egress',
    table: 'netdev',
    hook: 'egress device eth0',
    families: BOTH,
    shape: 'pair',
    at: 'client',
    direction: 'egress',
    count: 37,
    whyNot: noEgress,
    before: ETHERNET,
  },
];

/** A chain of each table family, with one rule that counts and drops. */
export const nftablesScenarios: readonly Scenario[] = CHAINS.map(
  ({ what, table, hook, families, shape, at, direction, count, verdict = 'drop', whyNot, before = 0 }) => ({
    name: `nftables/${what}`,
    families,
    shape,
    tools: ['nft'],
    ...(whyNot === undefined ? {} : { whyNot }),
    at,
    reason: 'IPTABLE_RULE_DROP',
    direction,
    setup: () => {
      const chain = `add chain ${table} t c { type filter hook ${hook} priority 0; }; add rule ${table} t c counter ${verdict}`;
      return [{ at, run: `nft 'add table ${table} t; ${chain}'`, undo: `nft delete table ${table} t` }];
    },
    counter: (bed) => nftRules(bed, at, { before }),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  }),
);
