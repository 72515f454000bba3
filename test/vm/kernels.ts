import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The kernels of the matrix, oldest first: Debian's own lines, found in its archive by fetch_kernels.sh. 5.10 knows no drop
 * reasons, 6.1 is the first with most of them, 6.12 has those of subsystems and the argument `rx_sk`, and 6.12-rt is
 * PREEMPT_RT, where softirqs run in threads.
 */
export const KERNELS = ['5.10', '6.1', '6.12', '6.12-rt'] as const;

/**
 * CPUs of a guest. Under emulation a second one makes everything two to three times slower, for the two wait for each other,
 * so only the kernel on which a packet's softirq may change CPUs at will has two.
 */
export function cpusOf(name: string): number {
  return name === '6.12-rt' ? 2 : 1;
}

/** What is fetched or built once and kept between runs, outside the tree. */
export function cacheDirectory(): string {
  const { DROPREASON_CACHE: chosen, XDG_CACHE_HOME: cache } = process.env;
  return chosen || join(cache || join(homedir(), '.cache'), 'dropreason');
}

/** One kernel image, as a linux-image package unpacked. */
export interface KernelImage {
  readonly name: string;
  readonly directory: string;
  readonly vmlinuz: string;
  /** As `uname -r` has it. */
  readonly release: string;
}

/** The image of that name in the cache, or undefined where it isn't there in whole. */
export function findImage(name: string): KernelImage | undefined {
  const directory = join(cacheDirectory(), 'kernels', name);
  const [vmlinuz] = globSync(join(directory, 'boot', 'vmlinuz-*'));
  if (vmlinuz === undefined) return undefined;
  const release = vmlinuz.slice(vmlinuz.lastIndexOf('vmlinuz-') + 'vmlinuz-'.length);
  if (!existsSync(join(directory, 'lib', 'modules', release, 'modules.dep.bin'))) return undefined;
  return { name, directory, vmlinuz, release };
}
