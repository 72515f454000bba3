import type { Testbed } from '../kernel/testbed.ts';
import { outputOf } from './child.ts';
import { BUILT, type Lab, LOAD_CPU } from './lab.ts';

/**
 * Sends `count` echo requests to the loopback of a dropping namespace, `rate` a second, or with 0 as fast as one CPU can.
 * Resolves to the duration in seconds.
 */
export async function flood(lab: Lab, namespace: string, { rate, count }: { rate: number; count: number }): Promise<number> {
  const args = [namespace, `${LOAD_CPU}`, '127.0.0.1', `${rate}`, `${count}`];
  const { seconds } = JSON.parse(await outputOf(lab.spawn(`${BUILT}paced`, args))) as { seconds: number };
  return seconds;
}

/** Traffic that has passed a router. */
export interface Forwarded {
  /** Packets that have arrived, which are all that were sent. */
  readonly packets: number;
  /** System calls of the process that sent and received them. */
  readonly calls: number;
  readonly seconds: number;
}

const PORTS = { first: 1024, last: 65_000 };
let nextPort = PORTS.first;

/** The first of so many unused source ports, as long as there are any. */
function freshPorts(count: number): number {
  if (nextPort + count > PORTS.last) nextPort = PORTS.first;
  const first = nextPort;
  nextPort += count;
  return first;
}

/**
 * Sends datagrams through the testbed's router, a given number on each connection. Resolves when all have been received. Rejects if
 * one did not pass the router's source NAT.
 */
export async function forward(
  lab: Lab,
  bed: Testbed,
  { count, connection = count }: { count: number; connection?: number },
): Promise<Forwarded> {
  const port = freshPorts(Math.ceil(count / connection));
  const args = [bed.netns('client'), bed.netns('server'), LOAD_CPU, bed.source, port, bed.target, count, connection].map(String);
  const output = JSON.parse(await outputOf(lab.spawn(`${BUILT}forward`, args))) as Record<string, number>;
  const { received = 0, translated = 0, calls = 0, seconds = 0 } = output;
  if (received !== count || translated !== count) throw new Error(`${received} of ${count} arrived, ${translated} by NAT`);
  return { packets: received, calls, seconds };
}
