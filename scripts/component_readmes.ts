import { stringify } from 'yaml';
import type { z } from 'zod';
import { factories } from '../src/components.ts';
import { jsonSchema } from '../src/config/json_schema.ts';
import { KINDS, singular } from '../src/config/kinds.ts';

type Json = z.core.JSONSchema.BaseSchema;

const KEYS = /(<!-- generated: keys -->\n).*?(?=<!-- end of keys -->\n)/s;

/**
 * The README of each component's folder, by its path. The title, the first sentence and the table of keys come from the factory; the rest
 * is unchanged. Throws if a README has no place for the keys.
 */
export function renderComponentReadmes(read: (path: string) => string): Record<string, string> {
  const definitions = (jsonSchema(factories).definitions ?? {}) as Record<string, Json>;
  const readmes = KINDS.flatMap((kind) =>
    factories[kind].map(({ type, aliases = [], description }) => {
      const path = `src/${kind}/${type}/README.md`;
      const text = read(path);
      if (!KEYS.test(text)) throw new Error(`${path} has no "<!-- generated: keys -->" with "<!-- end of keys -->" after it`);
      const also = aliases.length === 0 ? '' : `\n\nAlso known as ${aliases.map(code).join(', ')}.`;
      const head = `# ${singular(kind)} ${code(type)}\n\n${description}${also}\n`;
      const rows = rowsOf(definitions[`${kind}.${type}`] as Json);
      const keys = rows.length === 0 ? 'None.\n' : table(rows);
      return [
        path,
        text.replace(/^#.*?\n(?=\n## )/s, () => head).replace(KEYS, (_, marker: string) => `${marker}${keys}`),
      ] as const;
    }),
  );
  return Object.fromEntries(readmes);
}

function rowsOf(schema: Json, above: readonly string[] = []): string[][] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
    const key = [...above, name];
    const value = withoutExpansion(each as Json);
    if (value.properties !== undefined && Object.keys(value.properties).length > 0) return rowsOf(value, key);
    const items = value.type === 'array' ? withoutExpansion(value.items as Json) : undefined;
    const isGroup = items?.properties !== undefined;
    const fallback = required.has(name)
      ? 'required'
      : value.default === undefined
        ? ''
        : code(stringify(value.default, FLOW).trim());
    const description = `${(each as Json).description ?? value.description ?? ''}${items === undefined ? choices('One', value) : choices('Any', items)}`;
    const row = [code(`${key.join('::')}${isGroup ? '[]' : ''}`), isGroup ? '' : fallback, description];
    return isGroup ? [row, ...rowsOf(items, [...above, `${name}[]`])] : [row];
  });
}

const FLOW = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;

/** Every number, boolean or choice also accepts an expansion. The table does not repeat this for each key. */
function withoutExpansion(schema: Json): Json {
  const others = (schema.anyOf as Json[] | undefined)?.filter(({ $ref, const: only }) => $ref === undefined && only !== 0);
  const [only] = others ?? [];
  return others?.length === 1 && only !== undefined ? { ...schema, ...only } : schema;
}

function choices(how: string, { enum: all }: Json): string {
  return all === undefined || all.length < 2 ? '' : ` ${how} of ${all.map((each) => code(String(each))).join(', ')}.`;
}

const code = (text: string) => `\`${text}\``;

function table(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return `${line(['key', 'default', 'what it is'])}|---|---|---|\n${rows.map(line).join('')}`;
}
