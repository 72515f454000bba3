import { kernelLine } from '../../kernel_line.ts';
import { CLOSED_PORT, LISTENING } from '../call.ts';
import type { Attempt } from './attempt.ts';
import {
  bothOfOne,
  FIRST_REJECTED,
  fastOpenWithoutCookie,
  noRoute,
  REJECTED,
  REJECTED_ONCE,
  REJECTS,
  REJECTS_ONE,
  RETRANSMITTED,
  reject,
  SOFTLY_REJECTED_ONCE,
  to,
  vanish,
} from './rejected.ts';

function whatRingsAreTold(): string {
  return kernelLine() === '5.10' ? 'EALREADY' : 'OK';
}

/** ICMP errors that come while connect() holds the socket. They are soft errors: the socket stays in SYN_SENT. */
export const SOFT: readonly Attempt[] = [
  { what: 'rejected here, poll', ...REJECTS, ...REJECTED_ONCE, steps: [to(REJECTED), 'poll', 'so_error', 'close'], count: 5 },
  { what: 'rejected here, epoll', ...REJECTS, ...REJECTED_ONCE, steps: [to(REJECTED), 'epoll', 'so_error', 'close'], count: 6 },
  {
    what: 'rejected here, read at once',
    ...REJECTS,
    ...SOFTLY_REJECTED_ONCE,
    steps: [to(REJECTED), 'so_error', 'close'],
    count: 7,
  },
  {
    what: 'rejected here, unread',
    ...REJECTS,
    steps: [to(REJECTED), 'poll', 'close'],
    told: { 'connect:EINPROGRESS': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 8,
  },
  {
    what: 'rejected here, given up',
    ...REJECTS,
    steps: [to(REJECTED), 'close'],
    told: { 'connect:EINPROGRESS': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 9,
  },
  {
    what: 'rejected here, from the queue of errors',
    kind: 'nonblocking,recverr',
    ...REJECTS,
    steps: [to(REJECTED), 'poll', 'errqueue', 'close'],
    told: { 'connect:EINPROGRESS': 1, 'errqueue:OK': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 10,
  },
  {
    what: 'rejected here, disconnected, rejected again',
    ...REJECTS,
    steps: [to(REJECTED), 'so_error', 'unspec', to(REJECTED), 'so_error', 'close'],
    told: { 'connect:EINPROGRESS': 2, 'so_error:ECONNREFUSED': 2, 'unspec:OK': 1 },
    fails: { ECONNREFUSED: 2 },
    onlyReturned: ({ v6 }) => (v6 ? { ECONNREFUSED: 2 } : {}),
    count: 11,
  },
  {
    what: 'rejected here, disconnected, no route',
    ...REJECTS,
    steps: (bed) => [to(REJECTED), 'so_error', 'unspec', noRoute(bed), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'unspec:OK': 1, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 1, ENETUNREACH: 1 },
    onlyReturned: (bed) => ({ ...SOFTLY_REJECTED_ONCE.onlyReturned(bed), ENETUNREACH: 1 }),
    count: 12,
    addresses: bothOfOne,
  },
  {
    // The soft error outlives the attempt (tcp_disconnect() keeps sk_err_soft), but does not belong to the next one.
    what: 'rejected here, disconnected, given up',
    ...REJECTS,
    steps: [to(REJECTED), 'unspec', to(LISTENING), 'close'],
    setup: (bed) => [...reject(bed), ...vanish(bed)],
    told: { 'connect:EINPROGRESS': 2, 'unspec:OK': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 13,
  },
  {
    /*
     * io_connect() treats the wake-up by the ICMP error as the end, finds no error, and reports to the program that it is connected. 5.10
     * calls again and gets EALREADY. Since 6.5 it checks the socket's error (3fb1bd688172); 6.1 has this too.
     */
    what: 'rejected here, io_uring',
    ...REJECTS,
    steps: [`uring:${REJECTED}`, 'so_error', 'close'],
    told: (bed) => ({ [`uring:${bed.v6 ? 'ECONNREFUSED' : whatRingsAreTold()}`]: 1, 'so_error:ECONNREFUSED': 1 }),
    fails: { ECONNREFUSED: 1 },
    late: { by: 'so_error:OK', told: { 'uring:ECONNREFUSED': 1, 'so_error:OK': 1 }, fails: { ECONNREFUSED: 1 } },
    count: 14,
  },
  {
    what: 'rejected here, fast open',
    ...REJECTS,
    setup: fastOpenWithoutCookie,
    kind: 'nonblocking,fastopen',
    steps: [to(REJECTED), 'send', 'poll', 'so_error', 'close'],
    told: { 'connect:OK': 1, 'send:OK': 1, 'so_error:ECONNREFUSED': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 15,
  },
  {
    what: 'rejected here, sendto with fast open',
    ...REJECTS,
    setup: fastOpenWithoutCookie,
    steps: [`sendto:${REJECTED}`, 'poll', 'so_error', 'close'],
    told: { 'sendto:OK': 1, 'so_error:ECONNREFUSED': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 16,
  },
  {
    what: 'rejected here, fast open, given up',
    ...REJECTS,
    setup: fastOpenWithoutCookie,
    kind: 'nonblocking,fastopen',
    steps: [to(REJECTED), 'send', 'close'],
    told: { 'connect:OK': 1, 'send:OK': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 19,
  },
  {
    what: 'fast open, given up before it began',
    setup: fastOpenWithoutCookie,
    kind: 'nonblocking,fastopen',
    steps: [to(CLOSED_PORT), 'close'],
    told: { 'connect:OK': 1 },
    fails: {},
    count: 17,
  },
  {
    what: 'rejected once, then connected',
    ...REJECTS_ONE,
    steps: [
      `listen:${FIRST_REJECTED}`,
      to(FIRST_REJECTED),
      'so_error',
      `wait:${RETRANSMITTED}`,
      'so_error',
      to(FIRST_REJECTED),
      'reset',
    ],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'so_error:OK': 1, 'connect:OK': 1 },
    fails: {},
    late: {
      by: 'connect:ECONNABORTED',
      told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'so_error:OK': 1, 'connect:ECONNABORTED': 1 },
      fails: { ECONNREFUSED: 1 },
    },
    count: 18,
  },
];
