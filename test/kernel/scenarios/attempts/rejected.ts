import type { Step } from '../../scenario.ts';
import type { Testbed } from '../../testbed.ts';
import { CLOSED_PORT, LISTENING, sent } from '../call.ts';
import { nowhere } from '../datagrams.ts';
import { iptablesRule } from '../rules.ts';

export const REJECTED = 81;
/** The first SYN of a connection is rejected, and the second passes. Or the first is dropped, and the second is rejected. */
export const FIRST_REJECTED = 82;
export const SECOND_REJECTED = 83;
/** Longer than the time to the first retransmission of a SYN (TCP_TIMEOUT_INIT), in milliseconds. */
export const RETRANSMITTED = 1_700;

export function reject(bed: Testbed): readonly Step[] {
  return [iptablesRule(bed, 'nft', 'client', '', `OUTPUT -p tcp --dport ${REJECTED} -j REJECT`)];
}

/** A SYN is identified by its source port. */
export function rejectOne(): readonly Step[] {
  const chain = 'chain out { type filter hook output priority 0;';
  const refuse = 'reject with icmpx type port-unreachable';
  const first = `tcp dport ${FIRST_REJECTED} tcp flags & (syn | ack) == syn tcp sport != @seen add @seen { tcp sport } ${refuse}`;
  const lost = `tcp dport ${SECOND_REJECTED} tcp sport != @seen add @seen { tcp sport } drop`;
  const second = `tcp dport ${SECOND_REJECTED} ${refuse}`;
  const set = 'set seen { type inet_service; size 1024; flags dynamic; }';
  const table = `table inet once { ${set}\n ${chain} ${first}; ${lost}; ${second}; }\n }`;
  return [{ at: 'client', run: `nft '${table}'`, undo: 'nft delete table inet once' }];
}

/** Packets to LISTENING are dropped. */
export function vanish(bed: Testbed): readonly Step[] {
  return [iptablesRule(bed, 'nft', 'client', '', `OUTPUT -p tcp --dport ${LISTENING} -j DROP`)];
}

/** Neighbour resolution gets no answer, and gives up quickly. */
export function absent({ v6, target }: Testbed): readonly Step[] {
  const family = v6 ? 'ipv6' : 'ipv4';
  const quick = `echo 50 > /proc/sys/net/${family}/neigh/eth0/retrans_time_ms`;
  return [
    { at: 'client', run: `${quick}; ip link set eth0 arp on multicast on; ip neigh del ${target} dev eth0 2> /dev/null || true` },
  ];
}

/** In addition, the routing table reports a missing route with the errno of a missing neighbour. */
export function absentAndUnreachable(bed: Testbed): readonly Step[] {
  return [...absent(bed), { at: 'client', run: `ip route add unreachable ${nowhere(bed)}` }];
}

/** TFO_CLIENT_ENABLE | TFO_CLIENT_NO_COOKIE (include/net/tcp.h): the first call stores the destination, the first byte begins the attempt. */
export function fastOpenWithoutCookie(bed: Testbed): readonly Step[] {
  const set = (value: number) => `echo ${value} > /proc/sys/net/ipv4/tcp_fastopen`;
  return [...reject(bed), { at: 'client', run: set(5), undo: set(1) }];
}

export const to = (port: number) => `connect:${port}`;
export const noRoute = (bed: Testbed) => `connect:${CLOSED_PORT}@${nowhere(bed)}`;
/** An IPv4 socket keeps the address of its last peer when it is disconnected (tcp_disconnect()). Without a route it gets no new one. */
export const bothOfOne = (bed: Testbed) => [...sent(bed), bed.v6 ? ` > ${nowhere(bed)}` : ` > ${bed.target}`];

export const REJECTED_ONCE = {
  told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1 },
  fails: { ECONNREFUSED: 1 },
} as const;
/**
 * The same with a soft error that is read immediately: SO_ERROR clears it, and on IPv6 it is then visible only at the return of connect().
 * On IPv6 it does not wake poll, which waits until the next SYN is rejected too. That ends the attempt.
 */
export const SOFTLY_REJECTED_ONCE = {
  ...REJECTED_ONCE,
  onlyReturned: (bed: Testbed): Readonly<Record<string, number>> => (bed.v6 ? REJECTED_ONCE.fails : {}),
} as const;
/**
 * The ICMP message itself is in the socket's error queue, and is freed with it. __skb_queue_purge() gives a reason since 6.7 (4025d3e73abd).
 * On 6.1 icmpv6_rcv() frees each message that it has passed on, without a reason.
 */
export const BESIDE = ['IPTABLE_RULE_DROP', 'QUEUE_PURGE', 'UNKNOWN_DROP'];
export const REJECTS = { setup: reject, tools: ['iptables-nft', 'ip6tables-nft'], beside: BESIDE } as const;
export const REJECTS_ONE = { setup: rejectOne, tools: ['nft'], beside: BESIDE } as const;
