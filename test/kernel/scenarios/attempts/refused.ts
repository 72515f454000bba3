import { CLOSED_PORT, LISTENING, onePort } from '../call.ts';
import type { Attempt } from './attempt.ts';
import { bothOfOne, noRoute, to } from './rejected.ts';

const REFUSES = { beside: ['NO_SOCKET'] } as const;

/** Refused by a reset, and the following attempts on the same socket. */
export const REFUSED: readonly Attempt[] = [
  {
    what: 'refused, blocking, then no route',
    kind: 'blocking',
    ...REFUSES,
    steps: (bed) => [to(CLOSED_PORT), noRoute(bed), to(CLOSED_PORT), noRoute(bed), 'close'],
    told: { 'connect:ECONNREFUSED': 2, 'connect:ENETUNREACH': 2 },
    fails: { ECONNREFUSED: 2, ENETUNREACH: 2 },
    onlyReturned: { ENETUNREACH: 2 },
    count: 5,
    addresses: bothOfOne,
  },
  {
    what: 'refused, read, then no route',
    ...REFUSES,
    steps: (bed) => [to(CLOSED_PORT), 'poll', 'so_error', to(CLOSED_PORT), noRoute(bed), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'connect:ECONNABORTED': 1, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 1, ENETUNREACH: 1 },
    onlyReturned: { ENETUNREACH: 1 },
    count: 6,
    addresses: bothOfOne,
  },
  {
    what: 'refused, told by connect, then no route',
    ...REFUSES,
    steps: (bed) => [to(CLOSED_PORT), 'poll', to(CLOSED_PORT), noRoute(bed), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'connect:ECONNREFUSED': 1, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 1, ENETUNREACH: 1 },
    onlyReturned: { ENETUNREACH: 1 },
    count: 7,
    addresses: bothOfOne,
  },
  {
    what: 'refused, read, disconnected, no route',
    ...REFUSES,
    steps: (bed) => [to(CLOSED_PORT), 'poll', 'so_error', 'unspec', noRoute(bed), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'so_error:ECONNREFUSED': 1, 'unspec:OK': 1, 'connect:ENETUNREACH': 1 },
    fails: { ECONNREFUSED: 1, ENETUNREACH: 1 },
    onlyReturned: { ENETUNREACH: 1 },
    count: 8,
    addresses: bothOfOne,
  },
  {
    what: 'refused, unread, disconnected, refused again',
    ...REFUSES,
    steps: [to(CLOSED_PORT), 'poll', 'unspec', to(CLOSED_PORT), 'poll', 'so_error', 'close'],
    told: { 'connect:EINPROGRESS': 2, 'so_error:ECONNREFUSED': 1, 'unspec:OK': 1 },
    fails: { ECONNREFUSED: 2 },
    count: 9,
  },
  {
    // The error of the first attempt still exists when the second fails before its SYN (tcp_v4_connect()).
    what: 'refused, unread, disconnected, no port left',
    setup: onePort,
    ...REFUSES,
    steps: [to(CLOSED_PORT), 'poll', 'unspec', `occupy:${LISTENING}`, to(LISTENING), 'close'],
    told: { 'connect:EINPROGRESS': 1, 'unspec:OK': 1, 'connect:EADDRNOTAVAIL': 1 },
    fails: { ECONNREFUSED: 1, EADDRNOTAVAIL: 1 },
    count: 1,
  },
  {
    what: 'refused, io_uring',
    ...REFUSES,
    steps: [`uring:${CLOSED_PORT}`, 'close'],
    told: { 'uring:ECONNREFUSED': 1 },
    fails: { ECONNREFUSED: 1 },
    count: 10,
  },
];
