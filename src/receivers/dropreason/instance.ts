import { readFileSync } from 'node:fs';

/**
 * Identifies the counts in pinned maps, which live until they are removed or the kernel ends. So it consists of the boot id (random(4): new
 * at each boot, and the same in every container of a node), the directory, and the time at which counting began there. A machine-id is not
 * suitable: containers have none, or the one of their image.
 */
export function pinnedInstance(pinPath: string, startTimeMillis: number): string {
  return JSON.stringify([bootId(), pinPath, startTimeMillis]);
}

/** Empty if /proc is hidden. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
