import type { ConfigProblem } from '../component/errors.ts';
import { REDACTED } from '../component/secret.ts';
import { MOST_CHARACTERS, readText, TOO_LONG } from './read_text.ts';
import { readYaml } from './read_yaml.ts';
import { isSecretName } from './redact.ts';
import type { ConfigNode, Expansion, Path, ScalarNode } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The deepest nesting of expansions in names and defaults. */
const MOST_DEPTH = 16;

interface Expanded {
  readonly text: string;
  /** The text without secrets. */
  readonly redacted: string;
}

interface Failed {
  readonly wrong: string;
}

/**
 * Replaces `${env:NAME}`, `${NAME}`, `${env:NAME:-default}` and `${file:path}` in every value, but not in keys, and `$$` by one dollar. As
 * in the Collector, a value that consists of one expansion has two readings: as YAML, so that `port: ${env:PORT}` is a number, and as
 * text, for keys that expect text. An expansion within other text is text. Values of variables are not expanded again. The default
 * applies if the variable is unset, not if it is empty. A path that fails gets a problem and is added to `failed`.
 */
export class Expander {
  readonly #env: Environment;
  readonly #problems: ConfigProblem[];
  /** Paths without a known value. Other complaints about them are noise. */
  readonly failed = new Set<string>();
  #characters = 0;

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

  #scalar(node: ScalarNode, written: string, path: Path): ConfigNode {
    const expanded = this.#text(written, 0);
    if ('wrong' in expanded) {
      this.failed.add(path.join('::'));
      this.#problems.push({ path: path.join('::'), message: expanded.wrong, source: node.source });
      return { ...node, value: null };
    }
    const { text } = expanded;
    if (!/\$\{/.test(written.replaceAll('$$', ''))) return { ...node, value: text };
    const redacted = expanded.redacted === text ? undefined : expanded.redacted;
    const expansion: Expansion = { written, redacted };
    const whole = written.startsWith('${') && closingBrace(written, 2) === written.length - 1;
    if (!whole) return { ...node, value: text, expansion };
    const mistakes: ConfigProblem[] = [];
    const read = readYaml(text, () => node.source, mistakes);
    if (mistakes.length > 0) return { ...node, value: text, expansion };
    return { ...withExpansion(read, expansion, written.startsWith('${file:')), text };
  }

  #text(written: string, depth: number): Expanded | Failed {
    if (depth > MOST_DEPTH) return { wrong: `has more than ${MOST_DEPTH} nested expansions` };
    let text = '';
    let redacted = '';
    for (let at = 0; at < written.length; ) {
      if (written.startsWith('$$', at)) {
        text += '$';
        redacted += '$';
        at += 2;
      } else if (written.startsWith('${', at)) {
        const end = closingBrace(written, at + 2);
        if (end === -1) return { wrong: `has a \${ without its }: write $$\{ for a literal \${` };
        const inner = this.#text(written.slice(at + 2, end), depth + 1);
        const value = 'wrong' in inner ? inner : this.#resolve(inner);
        if ('wrong' in value) return value;
        text += value.text;
        redacted += value.redacted;
        at = end + 1;
      } else {
        text += written[at];
        redacted += written[at];
        at += 1;
      }
    }
    return { text, redacted };
  }

  #resolve({ text: reference, redacted }: Expanded): Expanded | Failed {
    const file = /^file:(.+)$/s.exec(reference)?.[1];
    if (file !== undefined) return this.#file(file);
    const [, name, fallback] = /^(?:env:)?([a-zA-Z_]\w*)(?::-(.*))?$/s.exec(reference) ?? [];
    if (name === undefined) {
      return {
        wrong: `\${${redacted}} must be \${env:NAME}, \${env:NAME:-default} or \${file:PATH}; write $$\{ for a literal \${`,
      };
    }
    const given = this.#env[name];
    if (given === undefined && fallback !== undefined) {
      const [, shown = fallback] = /:-(.*)$/s.exec(redacted) ?? [];
      return { text: fallback, redacted: shown };
    }
    if (given === undefined) {
      return { wrong: `the environment variable ${name} is not set: set it, or give a default, \${env:${name}:-default}` };
    }
    return this.#given(given, isSecretName(name));
  }

  /** Removes the final newline, which files with secrets usually have. */
  #file(path: string): Expanded | Failed {
    try {
      return this.#given(readText(path).replace(/\n$/, ''), true);
    } catch (error) {
      return { wrong: `"${path}" can't be read: ${(error as Error).message}` };
    }
  }

  #given(text: string, isSecret: boolean): Expanded | Failed {
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) return { wrong: `${TOO_LONG} from all expansions` };
    return { text, redacted: isSecret ? REDACTED : text };
  }
}

/** Marks every scalar that came from an expansion. In a file that is itself a mapping, not every value is a secret. */
function withExpansion(node: ConfigNode, expansion: Expansion, isFile: boolean): ConfigNode {
  const inner = isFile ? { ...expansion, redacted: undefined } : expansion;
  const inside = (each: ConfigNode) => withExpansion(each, inner, isFile);
  switch (node.kind) {
    case 'scalar':
      return { ...node, expansion };
    case 'list':
      return { ...node, items: node.items.map(inside), expansion };
    case 'map': {
      const entries = [...node.entries].map(([key, entry]) => [key, { ...entry, node: inside(entry.node) }] as const);
      return { ...node, entries: new Map(entries), expansion };
    }
  }
}

/** The index of the `}` that closes the brace opened before `from`, or -1. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return -1;
}
