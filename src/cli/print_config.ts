import { Document, visit } from 'yaml';
import { visibleLines } from '../component/visible.ts';
import { filledConfig } from '../config/filled.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** `dropreason print-config`: files and flags merged and expanded, with all defaults, secrets as [REDACTED]. */
export async function printConfig(options: LoadOptions, { stdout }: Io): Promise<void> {
  const document = new Document(filledConfig(loadConfig(options)), { aliasDuplicateObjects: false });
  visit(document, {
    // YAML supports escapes only in double quotes.
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && visibleLines(scalar.value) !== scalar.value) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  stdout(document.toString({ lineWidth: 0 }));
}
