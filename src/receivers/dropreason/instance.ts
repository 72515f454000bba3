import { readFileSync } from 'node:fs';

/**
 * Names what is counted by pinned maps. They live until they are removed, or the kernel ends: so it is the boot (random(4): another
 * at each, and the same in every container of a node), the directory, and when counting began there. A machine-id would not do:
 * containers have none, or the one of their image.
 */
export function pinnedInstance(pinPath: string, startTimeMillis: number): string {
  return JSON.stringify([bootId(), pinPath, startTimeMillis]);
}

/** Empty where /proc is hidden. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
