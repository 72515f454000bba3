import { outputOf } from './child.ts';
import { BUILT, type Lab, LOAD_CPU } from './lab.ts';

/**
 * Sends `count` echo requests to the loopback of a dropping namespace, `rate` a second or, at 0, as fast as one CPU can.
 * Resolves to the seconds that it took.
 */
export async function flood(lab: Lab, namespace: string, { rate, count }: { rate: number; count: number }): Promise<number> {
  const args = [namespace, `${LOAD_CPU}`, '127.0.0.1', `${rate}`, `${count}`];
  const { seconds } = JSON.parse(await outputOf(lab.spawn(`${BUILT}paced`, args))) as { seconds: number };
  return seconds;
}
