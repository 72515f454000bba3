import type { ConfigProblem } from '../component/errors.ts';
import { readYaml } from './read_yaml.ts';
import type { ConfigNode } from './tree.ts';

/**
 * Parses one `--set a.b.c=value` into a tree to merge over the files. The key is split at `::` if it contains one, which allows keys
 * with dots, else at every dot. The value is YAML; an empty value is null.
 */
export function readSetFlag(flag: string, problems: ConfigProblem[]): ConfigNode | undefined {
  const equals = flag.indexOf('=');
  const key = equals === -1 ? flag : flag.slice(0, equals);
  const source = `--set ${key}`;
  const steps = key.split(key.includes('::') ? '::' : '.').map((step) => step.trim());
  if (equals === -1 || steps.includes('')) {
    // Don't show the value, which may be a secret. Without "=", the whole text may be one.
    const got = equals === -1 ? 'one without "="' : `"${key}=…"`;
    const message = `must be written as --set key.key=value, got ${got}`;
    problems.push({ path: '', message, source: undefined });
    return undefined;
  }
  const value = readYaml(flag.slice(equals + 1), () => source, problems);
  return steps.reduceRight<ConfigNode>(
    (node, step) => ({ kind: 'map', source, entries: new Map([[step, { keySource: source, node }]]) }),
    value,
  );
}
