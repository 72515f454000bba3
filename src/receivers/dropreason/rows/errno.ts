import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** The highest errno of Linux, EHWPOISON (include/uapi/asm-generic/errno.h). libuv's own numbers are far higher. */
const MOST = 133;

/** Each of Node's two lists has some that the other lacks: ESTALE and EINPROGRESS, EHOSTDOWN and ESHUTDOWN. */
const NAMES = new Map<number, string>();
for (const [number, [name]] of getSystemErrorMap()) if (-number <= MOST) NAMES.set(-number, name);
for (const [name, number] of Object.entries(constants.errno)) if (!NAMES.has(number)) NAMES.set(number, name);

/** The name of an errno, such as `ECONNREFUSED`; the number if it has no name. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? String(errno);
}
