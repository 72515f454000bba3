import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schema } from '../src/cli/schema.ts';
import { factories } from '../src/components.ts';
import { HOOK_WHY } from '../src/pdata/hook_why.ts';
import { readCatalog } from '../src/receivers/dropreason/reasons/catalog.ts';
import { renderComponentReadmes } from './component_readmes.ts';
import { renderKnownFunctions, renderKnownReasons } from './known_reasons.ts';
import { renderMetricsTable } from './metrics_table.ts';
import { renderReasonsDoc } from './reasons_doc.ts';

/*
 * Writes the generated files: config/schema.json, from the schemas that validate; docs/metrics.md, from the metrics' definitions, the loss
 * slots of bpf/dropreason.h and docs/metrics.template.md; docs/reasons.md and the lists that counting needs, from reasons.yaml; the keys in
 * the READMEs of components. With --check it writes nothing; if a file is stale, it prints a diff and fails.
 */

const REASONS = 'src/receivers/dropreason/reasons';
const root = fileURLToPath(new URL('..', import.meta.url));

/** The slots with their meanings, from the comment above each enumerator. Throws if a comment is missing. */
export function lossSlots(header: string): { name: string; meaning: string }[] {
  const body = /enum dropreason_slot \{(.*?)\}/s.exec(header)?.[1] ?? '';
  const enumerators = [...body.matchAll(/(?:\/\*\s*(.*?)\s*\*\/\s*)?DROPREASON_SLOT_(\w+)/gs)];
  if (enumerators.length === 0) throw new Error('bpf/dropreason.h has no enum dropreason_slot');
  return enumerators.map(([, comment, name = '']) => {
    if (comment === undefined) throw new Error(`bpf/dropreason.h: DROPREASON_SLOT_${name} has no meaning above it`);
    return { name: name.toLowerCase(), meaning: comment.replace(/\s*\n[\s*]*/g, ' ') };
  });
}

/** The template with each `<!-- generated: NAME -->` replaced. Throws if it names an unknown part, or if it lacks a part. */
export function fillTemplate(template: string, parts: Readonly<Record<string, string>>): string {
  const wanted = new Set(Object.keys(parts));
  const filled = template.replace(/<!-- generated: (\w+) -->\n/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`docs/metrics.template.md asks for "${name}", which nothing generates`);
    wanted.delete(name);
    return part;
  });
  if (wanted.size > 0) throw new Error(`docs/metrics.template.md doesn't ask for ${[...wanted].join(', ')}`);
  return filled;
}

function metricsDoc(): string {
  const slots = lossSlots(read('bpf/dropreason.h')).map(({ name, meaning }) => `| \`${name}\` | ${meaning} |\n`);
  return fillTemplate(read('docs/metrics.template.md'), {
    metrics: `${renderMetricsTable().trimEnd()}\n`,
    slots: slots.join(''),
    whys: Object.entries(HOOK_WHY)
      .map(([code, meaning]) => `| \`${code}\` | ${meaning} |\n`)
      .join(''),
  });
}

async function schemaText(): Promise<string> {
  const written: string[] = [];
  await schema({ factories }, { stdout: (text) => void written.push(text), stderr: () => {} });
  return written.join('');
}

function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** Whether the file is up to date. If not, prints the diff. */
function isFresh(path: string, text: string): boolean {
  const { status, stdout, stderr } = spawnSync(
    'diff',
    ['-uN', '--label', `${path} (as it is)`, '--label', `${path} (as generated)`, path, '-'],
    {
      cwd: root,
      input: text,
      encoding: 'utf8',
    },
  );
  process.stdout.write(stdout ?? '');
  process.stderr.write(stderr ?? '');
  return status === 0;
}

async function main(check: boolean): Promise<number> {
  const catalog = readCatalog();
  const files = {
    'config/schema.json': await schemaText(),
    'docs/metrics.md': metricsDoc(),
    'docs/reasons.md': renderReasonsDoc(),
    [`${REASONS}/known_reasons.ts`]: renderKnownReasons(catalog),
    [`${REASONS}/known_functions.ts`]: renderKnownFunctions(catalog),
    ...renderComponentReadmes(read),
  };
  if (!check) {
    for (const [path, text] of Object.entries(files)) writeFileSync(`${root}${path}`, text);
    return 0;
  }
  const stale = Object.entries(files).flatMap(([path, text]) => (isFresh(path, text) ? [] : [path]));
  if (stale.length > 0) process.stderr.write(`stale: ${stale.join(', ')}; run "npm run generate"\n`);
  return stale.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.includes('--check'));
