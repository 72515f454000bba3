import type { Caused } from '../scenario.ts';
import type { Family, Testbed } from '../testbed.ts';

export const BOTH: readonly Family[] = ['ipv4', 'ipv6'];
/** The discard port: nothing listens there in a new namespace. */
export const PORT = 9;
const UDP_HEADER = 8;

/** Bytes of one datagram from the network header on. */
export function datagramBytes(bed: Testbed, payload: number): number {
  return bed.header + UDP_HEADER + payload;
}

/** Sends `count` datagrams of `payload` bytes from the client; all of them should be dropped. */
export async function sendDatagrams(
  bed: Testbed,
  count: number,
  payload: number,
  { to = bed.target, port = PORT, options = [] }: { to?: string; port?: number; options?: readonly string[] } = {},
): Promise<Caused> {
  await bed.traffic('client', 'udp', to, port, count, payload, ...options);
  return { drops: count, bytes: count * datagramBytes(bed, payload) };
}

/** An address without a route. */
export function nowhere({ v6 }: Testbed): string {
  return v6 ? 'fd99::1' : '10.99.0.1';
}
