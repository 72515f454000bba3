import { constants } from 'node:os';

/** Two names may share a number (EAGAIN and EWOULDBLOCK): the first is the one that man pages use. */
const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) if (!NAMES.has(number)) NAMES.set(number, name);

/** The name of an errno, such as `ECONNREFUSED`; the number where it has none. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? String(errno);
}
