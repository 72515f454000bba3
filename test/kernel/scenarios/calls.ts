import type { Scenario } from '../scenario.ts';
import type { Testbed } from '../testbed.ts';
import { ATTEMPTS } from './attempts/index.ts';
import { type Call, CLOSED_PORT, callScenario, LISTENING, onePort, sent, silence, unsent } from './call.ts';
import { nowhere } from './datagrams.ts';

function connect(kind: string, port = CLOSED_PORT, to?: string) {
  return (bed: Testbed, count: number) => bed.traffic('client', 'connect', kind, to ?? bed.target, port, count);
}

function accept(kind: string, ...options: readonly string[]) {
  return (bed: Testbed, count: number) => bed.traffic('client', 'accept', kind, bed.target, count, ...options);
}

const CONNECTS: readonly Call[] = [
  {
    what: 'refused',
    error: 'ECONNREFUSED',
    count: 5,
    beside: ['NO_SOCKET'],
    attempted: true,
    returned: { ECONNREFUSED: 5 },
    run: connect('blocking'),
  },
  {
    // The second connect() on the failed socket returns the error, which was counted when the socket closed.
    what: 'refused without waiting',
    error: 'ECONNREFUSED',
    count: 7,
    beside: ['NO_SOCKET'],
    attempted: true,
    returned: { EINPROGRESS: 7, ECONNREFUSED: 7 },
    run: connect('waiting'),
  },
  {
    what: 'no route',
    error: 'ENETUNREACH',
    count: 11,
    onlyReturned: { ENETUNREACH: 11 },
    returned: { ENETUNREACH: 11 },
    addresses: unsent,
    run: (bed, count) => connect('blocking', CLOSED_PORT, nowhere(bed))(bed, count),
  },
  {
    what: 'no port left',
    setup: onePort,
    error: 'EADDRNOTAVAIL',
    count: 13,
    returned: { EADDRNOTAVAIL: 13 },
    run: connect('port', LISTENING),
  },
  {
    what: 'timed out',
    shape: 'pair',
    setup: silence,
    error: 'ETIMEDOUT',
    count: 17,
    beside: ['OTHERHOST'],
    attempted: true,
    returned: { ETIMEDOUT: 17 },
    run: connect('parallel'),
  },
  {
    // A separate errno for each call: of eleven calls, the first, third and so on are followed by one without a route.
    what: 'two errnos by turns',
    errors: { ECONNREFUSED: 11, ENETUNREACH: 6 },
    onlyReturned: { ENETUNREACH: 6 },
    count: 11,
    beside: ['NO_SOCKET'],
    returned: { ECONNREFUSED: 11, ENETUNREACH: 6 },
    addresses: (bed) => [...sent(bed), ...unsent(bed)],
    run: (bed, count) => bed.traffic('client', 'connect', 'blocking', bed.target, CLOSED_PORT, count, nowhere(bed)),
  },
  {
    what: 'two errnos by turns without waiting',
    errors: { ECONNREFUSED: 13, ENETUNREACH: 7 },
    onlyReturned: { ENETUNREACH: 7 },
    count: 13,
    beside: ['NO_SOCKET'],
    returned: { EINPROGRESS: 13, ENETUNREACH: 7 },
    addresses: (bed) => [...sent(bed), ...unsent(bed)],
    run: (bed, count) => bed.traffic('client', 'connect', 'waiting', bed.target, CLOSED_PORT, count, nowhere(bed)),
  },
  {
    what: 'answered',
    count: 19,
    returned: { EINPROGRESS: 19, OK: 19, EISCONN: 19 },
    run: connect('answered', LISTENING),
  },
  {
    what: 'interrupted',
    shape: 'pair',
    setup: silence,
    count: 23,
    beside: ['OTHERHOST'],
    returned: { EINTR: 23 },
    run: connect('interrupted'),
  },
];

/** register_kretprobe(): maxactive. In a preemptible kernel it is at least ten. */
const FEW_KRETPROBES = 'a kretprobe has as many instances as there are CPUs, and each call that waits holds one';

/** In each, every second call is accept4(). */
const ACCEPTS: readonly Call[] = [
  { what: 'no descriptor left', error: 'EMFILE', count: 29, returned: { EMFILE: 29 }, run: accept('emfile') },
  { what: 'not listening', error: 'EINVAL', count: 31, returned: { EINVAL: 31 }, run: accept('einval') },
  {
    what: 'no longer listening',
    error: 'EINVAL',
    count: 3,
    whyNot: ({ line, rungs }) => (line === '5.10' && rungs.accept === 'kprobe' ? FEW_KRETPROBES : undefined),
    returned: { EINVAL: 3 },
    run: accept('shutdown'),
  },
  {
    what: 'two errnos by turns',
    errors: { EMFILE: 22, EINVAL: 8 },
    count: 22,
    returned: { EMFILE: 22, EINVAL: 8 },
    run: accept('turns'),
  },
  {
    what: 'two errnos by turns without waiting',
    errors: { EMFILE: 25, EINVAL: 9 },
    count: 25,
    returned: { EMFILE: 25, EINVAL: 9 },
    run: accept('turns', 'nonblocking'),
  },
  { what: 'nothing to accept', count: 1000, returned: { EAGAIN: 1000 }, run: accept('eagain', 'nonblocking') },
  // Linux still accepts it, and even returns its address. A TCP socket never returns ECONNABORTED.
  { what: 'reset while it waited', count: 21, returned: { OK: 21 }, run: accept('reset') },
  { what: 'interrupted', count: 37, returned: { EINTR: 37 }, run: accept('interrupted') },
];

/** Failed connects and accepts by errno, and calls that only look like failures, which are not counted. */
export const callScenarios: readonly Scenario[] = [
  ...[...CONNECTS, ...ATTEMPTS].map((spec) => callScenario('connect', spec)),
  ...ACCEPTS.map((spec) => callScenario('accept', spec)),
];
