import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason unpin`: removes what the receivers have pinned, whether they still pin or not; a ComponentError where it is in use. */
export async function unpin(options: LoadOptions, { stdout }: Io): Promise<void> {
  const removed: string[] = [];
  for (const { factory, config } of loadConfig(options).receivers.values()) {
    removed.push(...((await factory.unpin?.(config)) ?? []));
  }
  stdout(removed.length === 0 ? 'nothing is pinned\n' : removed.map((path) => `removed ${path}\n`).join(''));
}
