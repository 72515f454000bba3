import { snmp, Told } from '../counters.ts';
import { resetIsDropped } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { BOTH, datagramBytes, sendDatagrams } from './datagrams.ts';

const TCP_HEADER = 20;
/** Two bytes of padding and ten of timestamps in each segment of a connection. */
const TIMESTAMPS = 12;

function closedTcpSocket(): Scenario {
  const [count, payload] = [17, 512];
  const told = new Told();
  return {
    name: 'sockets/closed TCP socket',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'TCP_CLOSE_BASIC',
    direction: 'ingress',
    namespaceMayBeLost: true,
    // The socket's own drop counter (sk_drops). traffic/tcp.c explains how a packet gets there.
    counter: () => told.counter,
    cause: async (bed) => {
      const { dropped = 0 } = await bed.traffic(
        'client',
        'tcp-closed',
        bed.netns('server'),
        bed.target,
        bed.source,
        count,
        payload,
      );
      told.drops += dropped;
      const resets = resetIsDropped() ? 1 : 0;
      const headers = (count + resets) * (bed.header + TCP_HEADER);
      return { drops: count + resets, bytes: headers + count * payload };
    },
  };
}

/** An ordinary close: the side that closes second sends a FIN to a connection that is in TIME_WAIT on the other side. */
function finInTimeWait(): Scenario {
  const count = 43;
  const told = new Told();
  return {
    name: 'sockets/FIN in TIME_WAIT',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'UNKNOWN_DROP',
    class: 'benign',
    direction: 'ingress',
    // A FIN that still reaches the socket is queued, and freed with it.
    beside: ['QUEUE_PURGE'],
    namespaceMayBeLost: true,
    // The kernel's list of sockets: each went from FIN_WAIT2 to TIME_WAIT, so a FIN must have arrived.
    counter: () => told.counter,
    cause: async (bed) => {
      const { ended = 0 } = await bed.traffic('client', 'tcp-time-wait', bed.netns('server'), bed.target, count);
      told.drops += ended;
      return { drops: count, bytes: count * (bed.header + TCP_HEADER + TIMESTAMPS) };
    },
  };
}

/** Packets that reached the transport layer. */
export const socketScenarios: readonly Scenario[] = [
  {
    name: 'sockets/UDP closed port',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'NO_SOCKET',
    direction: 'ingress',
    counter: (bed) => snmp(bed, 'server', 'Udp', 'NoPorts'),
    cause: (bed) => sendDatagrams(bed, 53, 307),
  },
  {
    name: 'sockets/UDP receive buffer full',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'SOCKET_RCVBUFF',
    direction: 'ingress',
    counter: (bed) => snmp(bed, 'server', 'Udp', 'RcvbufErrors'),
    cause: async (bed) => {
      const [count, payload] = [59, 311];
      await bed.traffic('client', 'udp-full', bed.netns('server'), bed.target, count, payload);
      return { drops: count, bytes: count * datagramBytes(bed, payload) };
    },
  },
  {
    name: 'sockets/UDP bad checksum',
    families: BOTH,
    shape: 'pair',
    at: 'server',
    reason: 'UDP_CSUM',
    direction: 'ingress',
    counter: (bed) => snmp(bed, 'server', 'Udp', 'InCsumErrors'),
    cause: async (bed) => {
      const [count, payload] = [61, 313];
      await bed.traffic('client', 'raw-udp', bed.netns('server'), bed.target, bed.source, count, payload);
      return { drops: count, bytes: count * datagramBytes(bed, payload) };
    },
  },
  closedTcpSocket(),
  finInTimeWait(),
];
