import { sharedSnmp, snmp } from '../counters.ts';
import type { Scenario } from '../scenario.ts';
import { BOTH, nowhere, sendDatagrams } from './datagrams.ts';

const RP_FILTER = '/proc/sys/net/ipv4/conf/eth0/rp_filter';

/** Packets that the IP layer couldn't, or wouldn't, send on their way. */
export const routingScenarios: readonly Scenario[] = [
  {
    name: 'routing/no route',
    families: BOTH,
    shape: 'router',
    at: 'router',
    reason: 'IP_INNOROUTES',
    direction: 'ingress', // before routing has found a way, it is a packet that came in
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
