import { ComponentError } from '../../component/errors.ts';
import type { DropreasonConfig } from './config.ts';
import { isNativeError, native } from './probe.ts';

/** Removes all that is pinned where this configuration pins: what was there. Refused while an agent counts there. */
export function unpin({ pin_path: path }: Pick<DropreasonConfig, 'pin_path'>): readonly string[] {
  try {
    return native()
      .unpin(path)
      .map((name) => (name.startsWith('/') ? name : `${path}/${name}`));
  } catch (error) {
    if (!isNativeError(error)) throw error;
    if (error.code === 'ERR_LOCKED') throw new ComponentError(`${path} is in use: stop the agent that counts there first`);
    throw new ComponentError(`${path}: ${error.message}`);
  }
}
