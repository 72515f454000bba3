import { readFile } from 'node:fs/promises';
import { ComponentError } from './errors.ts';

/** The text of a file that a key names. @throws ComponentError with the key, the path and the errno's name. */
export async function readKeyFile(key: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ComponentError(`${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
