import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason unpin`: removes the receivers' pins, also if they no longer pin. Throws a ComponentError if one is in use. */
export async function unpin(options: LoadOptions, { stdout }: Io): Promise<void> {
  const removed: string[] = [];
  for (const { factory, config } of loadConfig(options).receivers.values()) {
    removed.push(...((await factory.unpin?.(config)) ?? []));
  }
  stdout(removed.length === 0 ? 'nothing is pinned\n' : removed.map((path) => `removed ${path}\n`).join(''));
}
