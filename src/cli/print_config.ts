import { stringify } from 'yaml';
import { filledConfig } from '../config/filled.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason print-config`: files and flags as one, expanded, with every default, secrets as [REDACTED]. */
export async function printConfig(options: LoadOptions, { stdout }: Io): Promise<void> {
  stdout(stringify(filledConfig(loadConfig(options)), { aliasDuplicateObjects: false, lineWidth: 0 }));
}
