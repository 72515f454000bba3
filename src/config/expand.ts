import { readFileSync } from 'node:fs';
import type { ConfigProblem } from '../component/errors.ts';
import { readYaml } from './read_yaml.ts';
import type { ConfigNode, Path, ScalarNode } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces `${env:NAME}`, `${NAME}`, `${env:NAME:-default}` and `${file:path}` in every value (keys are left alone) and
 * `$$` by one dollar. A value that is nothing but one expansion is read as YAML, as the Collector does, so that
 * `port: ${env:PORT}` is a number; what a variable holds is not expanded again. The default stands for a variable that
 * isn't set, not for an empty one. A path that failed gets a problem and is added to `failed`.
 */
export class Expander {
  readonly #env: Environment;
  readonly #problems: ConfigProblem[];
  /** Paths whose value can't be told: other complaints about them are noise. */
  readonly failed = new Set<string>();

  constructor(env: Environment, problems: ConfigProblem[]) {
    this.#env = env;
    this.#problems = problems;
  }

  expand(node: ConfigNode, path: Path = []): ConfigNode {
    switch (node.kind) {
      case 'list':
        return { ...node, items: node.items.map((item, index) => this.expand(item, [...path, index])) };
      case 'map': {
        const entries = [...node.entries].map(
          ([key, entry]) => [key, { ...entry, node: this.expand(entry.node, [...path, key]) }] as const,
        );
        return { ...node, entries: new Map(entries) };
      }
      case 'scalar':
        return typeof node.value === 'string' && node.value.includes('$') ? this.#scalar(node, node.value, path) : node;
    }
  }

  #scalar(node: ScalarNode, value: string, path: Path): ConfigNode {
    const expanded = this.#text(value);
    if (typeof expanded !== 'string') {
      this.failed.add(path.join('::'));
      this.#problems.push({ path: path.join('::'), message: expanded.wrong, source: node.source });
      return { ...node, value: null };
    }
    const whole = value.startsWith('${') && closingBrace(value, 2) === value.length - 1;
    if (!whole) return { ...node, value: expanded };
    const mistakes: ConfigProblem[] = [];
    const read = readYaml(expanded, () => node.source, mistakes);
    return mistakes.length === 0 ? { ...read, text: expanded } : { ...node, value: expanded, text: expanded };
  }

  #text(text: string): string | { wrong: string } {
    let expanded = '';
    for (let at = 0; at < text.length; ) {
      if (text.startsWith('$$', at)) {
        expanded += '$';
        at += 2;
      } else if (text.startsWith('${', at)) {
        const end = closingBrace(text, at + 2);
        if (end === -1) return { wrong: `has a \${ without its }: write $$\{ where a dollar is meant` };
        const inner = this.#text(text.slice(at + 2, end));
        const value = typeof inner === 'string' ? this.#resolve(inner) : inner;
        if (typeof value !== 'string') return value;
        expanded += value;
        at = end + 1;
      } else {
        expanded += text[at];
        at += 1;
      }
    }
    return expanded;
  }

  #resolve(reference: string): string | { wrong: string } {
    const file = /^file:(.+)$/s.exec(reference)?.[1];
    if (file !== undefined) {
      try {
        // Without the newline at the end, which secrets in files have and nobody means.
        return readFileSync(file, 'utf8').replace(/\n$/, '');
      } catch (error) {
        return { wrong: `"${file}" can't be read: ${(error as Error).message}` };
      }
    }
    const [, name, fallback] = /^(?:env:)?([a-zA-Z_]\w*)(?::-(.*))?$/s.exec(reference) ?? [];
    if (name === undefined) {
      return { wrong: `\${${reference}} must be \${env:NAME}, \${env:NAME:-default} or \${file:PATH}; $$\{ is a plain \${` };
    }
    const wrong = `the environment variable ${name} is not set: set it, or give a default, \${env:${name}:-default}`;
    return this.#env[name] ?? fallback ?? { wrong };
  }
}

/** The index of the `}` that closes what was opened before `from`, or -1. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return -1;
}
