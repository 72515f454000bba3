import { ComponentError } from '../../component/errors.ts';
import type { DropreasonConfig } from './config.ts';
import { isNativeError, native } from './probe.ts';

/** Removes everything pinned in the pin_path of this configuration and returns the paths. Fails while an agent uses it. */
export function unpin({ pin_path: path }: Pick<DropreasonConfig, 'pin_path'>): readonly string[] {
  try {
    return native()
      .unpin(path)
      .map((name) => (name.startsWith('/') ? name : `${path}/${name}`));
  } catch (error) {
    if (!isNativeError(error)) throw error;
    if (error.code === 'ERR_LOCKED') throw new ComponentError(`${path} is in use: stop the agent that uses it first`);
    throw new ComponentError(`${path}: ${error.message}`);
  }
}
