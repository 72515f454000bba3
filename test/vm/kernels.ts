import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The kernels of the matrix, oldest first: Debian's release lines, which fetch_kernels.sh finds in its archive. 5.10 has no drop
 * reasons. 6.1 is the first with most of them. 6.12 has those of subsystems and the argument `rx_sk`. 6.12-rt is PREEMPT_RT: softirqs
 * run in threads.
 */
export const KERNELS = ['5.10', '6.1', '6.12', '6.12-rt'] as const;

/**
 * CPUs of a guest. Under emulation a second CPU makes everything two to three times slower, because the two wait for each other. So
 * only the kernel where a packet's softirq may change CPUs at any time has two.
 */
export function cpusOf(name: string): number {
  return name === '6.12-rt' ? 2 : 1;
}

/** The directory, outside the tree, for files that are downloaded or built once and kept between runs. */
export function cacheDirectory(): string {
  const { DROPREASON_CACHE: chosen, XDG_CACHE_HOME: cache } = process.env;
  return chosen || join(cache || join(homedir(), '.cache'), 'dropreason');
}

/** One kernel image: an unpacked linux-image package. */
export interface KernelImage {
  readonly name: string;
  readonly directory: string;
  readonly vmlinuz: string;
  /** The release, as printed by `uname -r`. */
  readonly release: string;
}

/** The image of that name in the cache, or undefined if it is missing or incomplete. */
export function findImage(name: string): KernelImage | undefined {
  const directory = join(cacheDirectory(), 'kernels', name);
  const [vmlinuz] = globSync(join(directory, 'boot', 'vmlinuz-*'));
  if (vmlinuz === undefined) return undefined;
  const release = vmlinuz.slice(vmlinuz.lastIndexOf('vmlinuz-') + 'vmlinuz-'.length);
  if (!existsSync(join(directory, 'lib', 'modules', release, 'modules.dep.bin'))) return undefined;
  return { name, directory, vmlinuz, release };
}
