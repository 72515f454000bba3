import { type IptablesVariant, insertFailures, nftRules } from '../counters.ts';
import type { Direction, Scenario } from '../scenario.ts';
import type { Role, Shape, Testbed } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

const PAYLOAD = 701;
const SOURCE_PORT = 5000;

interface Place {
  readonly what: string;
  readonly chain: 'INPUT' | 'POSTROUTING';
  readonly shape: Shape;
  readonly at: Role;
  readonly direction: Direction;
  /** A separate port, to avoid the connections of other scenarios. */
  readonly port: number;
  readonly count: number;
}

const PLACES: readonly Place[] = [
  { what: 'local', chain: 'POSTROUTING', shape: 'pair', at: 'client', direction: 'egress', port: 3001, count: 11 },
  { what: 'forwarded', chain: 'POSTROUTING', shape: 'router', at: 'router', direction: 'forward', port: 3002, count: 13 },
  { what: 'received', chain: 'INPUT', shape: 'pair', at: 'server', direction: 'ingress', port: 3003, count: 17 },
];

/** The source of the translated packets: an address of that namespace, but in INPUT the sender's own. */
function translatedSource(bed: Testbed, { chain, shape }: Place): string {
  if (shape === 'router') return bed.v6 ? '[fd02::1]' : '10.2.0.1';
  const source = chain === 'INPUT' && bed.v6 ? 'fd01::1' : bed.source;
  return bed.v6 ? `[${source}]` : source;
}

/**
 * Two flows to one destination, translated to the same port. The first flow gets it. Each packet of the second is a new connection with
 * the same reply tuple, so conntrack can't add it when the packet leaves.
 */
function ontoOnePort(variant: IptablesVariant, place: Place): Scenario {
  const { what, chain, shape, at, direction, port, count } = place;
  return {
    name: `conntrack/${variant} SNAT onto one port ${what}`,
    families: BOTH,
    shape,
    tools: [`iptables-${variant}`, `ip6tables-${variant}`],
    hook: 'conntrack',
    at,
    reason: 'CONNTRACK_ADD_DROP',
    direction,
    beside: ['NO_SOCKET'], // the first flow arrives, and nobody listens
    setup: (bed) => {
      const rule = `${chain} -p udp --dport ${port} -j SNAT --to-source ${translatedSource(bed, place)}:${SOURCE_PORT}`;
      const { run, undo = '' } = iptablesRule(bed, variant, at, '-t nat', rule);
      return [variant === 'legacy' ? { at, run } : { at, run, undo }];
    },
    // Conntrack comes last, when the packet already has the translated source.
    addresses: (bed) => [`${translatedSource(bed, place).replace(/[[\]]/g, '')} > ${bed.target}`],
    counter: (bed) => insertFailures(bed, at),
    cause: async (bed) => {
      await sendDatagrams(bed, 1, PAYLOAD, { port, options: ['sport=4001'] });
      return sendDatagrams(bed, count, PAYLOAD, { port, options: ['sport=4002'] });
    },
  };
}

/** A rule that drops a new connection after NAT, but before conntrack adds it. This is still the rule's drop. */
function ruleBehindNat(): Scenario {
  const count = 19;
  return {
    name: 'conntrack/rule behind NAT',
    families: BOTH,
    shape: 'pair',
    tools: ['nft'],
    hook: 'conntrack',
    at: 'client',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'egress',
    setup: () => {
      const nat = 'add chain inet t n { type nat hook postrouting priority 100; }; add rule inet t n ct state new accept';
      const rule = 'add chain inet t c { type filter hook postrouting priority 200; }; add rule inet t c counter drop';
      return [{ at: 'client', run: `nft 'add table inet t; ${nat}; ${rule}'`, undo: 'nft delete table inet t' }];
    },
    counter: (bed) => nftRules(bed, 'client'),
    cause: (bed) => sendDatagrams(bed, count, PAYLOAD),
  };
}

/** Packets dropped because conntrack could not add their connection. */
export const conntrackScenarios: readonly Scenario[] = [
  ruleBehindNat(),
  ...(['nft', 'legacy'] as const).flatMap((variant) => PLACES.map((place) => ontoOnePort(variant, place))),
];
