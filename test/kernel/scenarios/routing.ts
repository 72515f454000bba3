import { nftRules, sharedSnmp, snmp } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import { BOTH, nowhere, sendDatagrams } from './datagrams.ts';

const RP_FILTER = '/proc/sys/net/ipv4/conf/eth0/rp_filter';

/** Packets that the IP layer could not or would not forward. */
export const routingScenarios: readonly Scenario[] = [
  {
    name: 'routing/no route',
    families: BOTH,
    shape: 'router',
    at: 'router',
    reason: 'IP_INNOROUTES',
    direction: 'ingress', // before routing, it is an incoming packet
    counter: (bed) => (bed.v6 ? snmp(bed, 'router', 'Ip', 'InNoRoutes') : sharedSnmp(bed, 'router', 'IpExt', 'InNoRoutes')),
    addresses: (bed) => [`${bed.source} > ${nowhere(bed)}`],
    cause: (bed) => sendDatagrams(bed, 67, 401, { to: nowhere(bed) }),
  },
  {
    name: 'routing/hop limit',
    families: BOTH,
    shape: 'router',
    at: 'router',
    reason: 'IP_INHDR',
    direction: 'forward',
    counter: (bed) => snmp(bed, 'router', 'Ip', 'InHdrErrors'),
    cause: (bed) => sendDatagrams(bed, 71, 409, { options: ['ttl=1'] }),
  },
  {
    name: 'routing/back where it came from',
    families: BOTH,
    shape: 'router',
    tools: ['nft'],
    at: 'router',
    reason: 'IPTABLE_RULE_DROP',
    direction: 'forward',
    setup: () => {
      const rule =
        'add table inet t; add chain inet t c { type filter hook forward priority 0; }; add rule inet t c counter drop';
      const quiet = 'for device in all west; do echo 0 > /proc/sys/net/ipv4/conf/$device/send_redirects; done';
      const ways = ['10.99.0.0/24 via 10.1.0.1', 'fd99::/64 via fd01::1'].map((way) => `${way} dev west`);
      return [
        {
          at: 'router',
          run: [quiet, ...ways.map((way) => `ip route add ${way}`), `nft '${rule}'`].join('; '),
          undo: [...ways.map((way) => `ip route del ${way}`), 'nft delete table inet t'].join('; '),
        },
      ];
    },
    addresses: (bed) => [`${bed.source} > ${nowhere(bed)}`],
    counter: (bed) => nftRules(bed, 'router'),
    cause: (bed) => sendDatagrams(bed, 79, 421, { to: nowhere(bed) }),
  },
  {
    name: 'routing/rp_filter',
    families: ['ipv4'], // IPv6 has no such setting
    shape: 'pair',
    at: 'server',
    reason: 'IP_RPFILTER',
    direction: 'ingress',
    setup: () => [
      { at: 'client', run: 'ip addr add 10.77.0.1/32 dev lo', undo: 'ip addr del 10.77.0.1/32 dev lo' },
      { at: 'server', run: `echo 1 > ${RP_FILTER}`, undo: `echo 0 > ${RP_FILTER}` },
    ],
    counter: (bed) => sharedSnmp(bed, 'server', 'TcpExt', 'IPReversePathFilter'),
    addresses: (bed) => [`10.77.0.1 > ${bed.target}`],
    cause: (bed) => sendDatagrams(bed, 73, 419, { options: ['from=10.77.0.1'] }),
  },
];
