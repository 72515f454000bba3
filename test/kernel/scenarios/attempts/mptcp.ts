import { existsSync } from 'node:fs';
import { CLOSED_PORT, LISTENING } from '../call.ts';
import type { Attempt } from './attempt.ts';
import { BESIDE, bothOfOne, noRoute, REJECTED, REJECTED_ONCE, REJECTS, to, vanish } from './rejected.ts';

const MPTCP = {
  whyNot: () => (existsSync('/proc/sys/net/mptcp') ? undefined : 'this kernel was built without MPTCP'),
  beside: [...BESIDE, 'NO_SOCKET'],
} as const;

/** The program's socket is an MPTCP socket; its first subflow connects. */
export const BY_MPTCP: readonly Attempt[] = [
  {
    what: 'MPTCP, blocking, refused, no route, refused',
    ...MPTCP,
    kind: 'blocking,mptcp',
    steps: (bed) => [to(CLOSED_PORT), noRoute(bed), to(CLOSED_PORT), 'close'],
    told: { 'connect:ECONNREFUSED': 2, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 2, ENETUNREACH: 1 },
    onlyReturned: { ENETUNREACH: 1 },
    count: 5,
    addresses: bothOfOne,
  },
  {
    what: 'MPTCP, refused, read, then no route',
    ...MPTCP,
    kind: 'nonblocking,mptcp',
    steps: (bed) => [to(CLOSED_PORT), 'poll', 'so_error', to(CLOSED_PORT), noRoute(bed), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'connect:ECONNABORTED': 1, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 1, ENETUNREACH: 1 },
    onlyReturned: { ENETUNREACH: 1 },
    count: 6,
    addresses: bothOfOne,
  },
  {
    what: 'MPTCP, rejected',
    ...REJECTS,
    ...MPTCP,
    ...REJECTED_ONCE,
    kind: 'nonblocking,mptcp',
    steps: [to(REJECTED), 'poll', 'so_error', 'close'],
    count: 7,
  },
  {
    what: 'MPTCP, given up',
    ...MPTCP,
    setup: vanish,
    kind: 'nonblocking,mptcp',
    steps: [to(LISTENING), 'close'],
    told: { 'connect:EINPROGRESS': 1 },
    fails: {},
    count: 8,
  },
  {
    what: 'MPTCP, timed out',
    ...MPTCP,
    setup: (bed) => [...vanish(bed), { at: 'client', run: 'echo 1 > /proc/sys/net/ipv4/tcp_syn_retries' }], // gives up after 3 s
    kind: 'nonblocking,mptcp',
    steps: [to(LISTENING), 'poll', 'so_error', 'close'],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ETIMEDOUT': 1 },
    fails: { ETIMEDOUT: 1 },
    count: 9,
  },
];
