import type { Step } from '../../scenario.ts';
import type { Testbed } from '../../testbed.ts';
import type { Call } from '../call.ts';
import { iptablesRule } from '../rules.ts';
import { BESIDE, RETRANSMITTED, to } from './rejected.ts';

/** By netfilter's name of the ICMP error: the errno that TCP makes from it (icmp_err_convert, tab_unreach). */
const KINDS = {
  ipv4: {
    'icmp-net-unreachable': 'ENETUNREACH',
    'icmp-host-unreachable': 'EHOSTUNREACH',
    'icmp-port-unreachable': 'ECONNREFUSED',
    'icmp-proto-unreachable': 'ENOPROTOOPT',
    'icmp-net-prohibited': 'ENETUNREACH',
    'icmp-host-prohibited': 'EHOSTUNREACH',
    'icmp-admin-prohibited': 'EHOSTUNREACH',
  },
  ipv6: {
    'icmp6-no-route': 'ENETUNREACH',
    'icmp6-adm-prohibited': 'EACCES',
    'icmp6-addr-unreachable': 'EHOSTUNREACH',
    'icmp6-port-unreachable': 'ECONNREFUSED',
    'icmp6-policy-fail': 'EACCES',
    'icmp6-reject-route': 'EACCES',
  },
} as const;
const FIRST_PORT = 101;

function rejectEachWay(bed: Testbed): readonly Step[] {
  const limit = bed.v6 ? 'ipv6/icmp/ratelimit' : 'ipv4/icmp_ratelimit';
  const unlimited = { at: 'router', run: `echo 0 > /proc/sys/net/${limit}` } as const;
  const rules = Object.keys(KINDS[bed.family]).map((kind, index) =>
    iptablesRule(bed, 'nft', 'router', '', `FORWARD -p tcp --dport ${FIRST_PORT + index} -j REJECT --reject-with ${kind}`),
  );
  return [unlimited, ...rules];
}

/** Every ICMP error, from a router. Each of `count` sockets must get its errno from these steps. */
function eachKind(what: string, { isSoft, after, count }: { isSoft: boolean; after: readonly string[]; count: number }): Call {
  const errnos = (bed: Testbed): string[] => Object.values(KINDS[bed.family]);
  const tally = (names: readonly string[]) => {
    const sums: Record<string, number> = {};
    for (const name of names) sums[name] = (sums[name] ?? 0) + count;
    return sums;
  };
  return {
    what,
    shape: 'router',
    setup: rejectEachWay,
    tools: ['iptables-nft', 'ip6tables-nft'],
    beside: BESIDE,
    count,
    returned: (bed) => tally(errnos(bed).flatMap((errno) => ['connect:EINPROGRESS', `so_error:${errno}`])),
    errors: (bed) => tally(errnos(bed)),
    // Over IPv6 a soft error is cleared when it is read.
    onlyReturned: (bed) => (isSoft && bed.v6 ? tally(errnos(bed)) : {}),
    run: async (bed) => {
      const runs = errnos(bed).map((_, index) =>
        bed.traffic('client', 'attempts', count, bed.target, 'nonblocking', to(FIRST_PORT + index), ...after),
      );
      const told: Record<string, number> = {};
      for (const each of await Promise.all(runs))
        for (const [name, times] of Object.entries(each)) told[name] = (told[name] ?? 0) + times;
      return told;
    },
  };
}

export const EACH_KIND: readonly Call[] = [
  eachKind('each ICMP error of a router, soft', { isSoft: true, after: ['so_error', 'close'], count: 3 }),
  eachKind('each ICMP error of a router, hard', {
    isSoft: false,
    after: [`wait:${RETRANSMITTED}`, 'so_error', 'close'],
    count: 2,
  }),
];
