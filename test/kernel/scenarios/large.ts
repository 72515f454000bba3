import { iptablesRules, snmp } from '../counters.ts';
import type { Caused, Scenario } from '../scenario.ts';
import type { Testbed } from '../testbed.ts';
import { BOTH, sendDatagrams } from './datagrams.ts';
import { iptablesRule } from './rules.ts';

/** In four fragments, at the veth's MTU of 1500. */
const FRAGMENTED = 5003;
/** A few segments fewer than the maximum of one GSO packet on all kernels. */
const [SEGMENT, SUPER_PACKET] = [1000, 50_000];
const TCP_BYTES = 200_000;
const MTU = 1500;

/** The last three are in the fragment list of the first. `merged`: unless the kernel merged them into it. */
async function sendFragmented(bed: Testbed, count: number, merged: boolean): Promise<Caused> {
  return { ...(await sendDatagrams(bed, count, FRAGMENTED)), losses: { fragment: merged ? 'any' : 3 * count } };
}

const TCP_RULE = 'OUTPUT -p tcp -j DROP';

/** TCP decides how many segments it makes, so the iptables counter determines the number. */
async function sendTcp(bed: Testbed): Promise<Caused> {
  const counter = iptablesRules(bed, 'client', 'nft', 'filter');
  const { run } = iptablesRule(bed, 'nft', 'client', '', TCP_RULE);
  const append = `nsenter --net=/run/netns/${bed.netns('client')} ${run}`; // only after the connection is established
  await bed.traffic('client', 'tcp-send', bed.netns('server'), bed.target, TCP_BYTES, append);
  const { drops, bytes = 0 } = await counter();
  if (bytes < drops * MTU) throw new Error(`no GSO packets among ${drops} packets of ${bytes} bytes`);
  return { drops, bytes };
}

/** Packets larger than the MTU: reassembled from fragments, or not yet segmented. One packet is one drop. */
export const largeScenarios: readonly Scenario[] = [
  {
    name: 'large/fragments to a closed port',
    families: BOTH,
    hasMembers: true,
    shape: 'pair',
    at: 'server',
    reason: 'NO_SOCKET',
    direction: 'ingress',
    counter: (bed) => snmp(bed, 'server', 'Udp', 'NoPorts'),
    cause: (bed) => sendFragmented(bed, 103, true),
  },
  {
    name: 'large/fragments in INPUT',
    families: BOTH,
    hasMembers: true,
    shape: 'pair',
    tools: ['iptables-nft'],
    at: 'server',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'ingress',
    // A rule that uses the connection makes conntrack reassemble fragments before INPUT, also for IPv6.
    setup: (bed) => [iptablesRule(bed, 'nft', 'server', '', 'INPUT -p udp -m conntrack --ctstate NEW,ESTABLISHED -j DROP')],
    counter: (bed) => iptablesRules(bed, 'server', 'nft', 'filter'),
    // It merges none: only fragments for local delivery are merged (ip_frag_coalesce_ok(), 891584f48a90).
    cause: (bed) => sendFragmented(bed, 107, false),
  },
  {
    name: 'large/UDP GSO in OUTPUT',
    families: BOTH,
    shape: 'pair',
    tools: ['iptables-nft'],
    at: 'client',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'egress',
    setup: (bed) => [iptablesRule(bed, 'nft', 'client', '', 'OUTPUT -p udp -j DROP')],
    counter: (bed) => iptablesRules(bed, 'client', 'nft', 'filter'),
    cause: (bed) => sendDatagrams(bed, 109, SUPER_PACKET, { options: [`gso=${SEGMENT}`] }),
  },
  {
    name: 'large/TCP GSO in OUTPUT',
    families: BOTH,
    shape: 'pair',
    tools: ['iptables-nft'],
    at: 'client',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'egress',
    setup: (bed) => [{ ...iptablesRule(bed, 'nft', 'client', '', TCP_RULE), run: ':' }],
    counter: (bed) => iptablesRules(bed, 'client', 'nft', 'filter'),
    cause: sendTcp,
  },
];
