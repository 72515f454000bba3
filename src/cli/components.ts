import { stringify } from 'yaml';
import type { Factories } from '../component/factory.ts';
import { KINDS } from '../config/kinds.ts';
import type { Io } from './io.ts';

/** `dropreason components`: the available components, as YAML like the Collector's. */
export async function components({ factories }: { factories: Factories }, { stdout }: Io): Promise<void> {
  const kinds = KINDS.map((kind) => {
    const each = factories[kind].map(({ type, aliases, description }) => ({
      name: type,
      ...(aliases === undefined || aliases.length === 0 ? {} : { aliases }),
      description,
    }));
    return [kind, each];
  });
  stdout(stringify(Object.fromEntries(kinds), { aliasDuplicateObjects: false, lineWidth: 0 }));
}
