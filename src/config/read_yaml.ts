import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import type { ConfigProblem } from '../component/errors.ts';
import type { ConfigNode, MapEntry, Path } from './tree.ts';

const MOST_DEPTH = 64;
/** A file of anchors that name one another can stand for billions of values. */
const MOST_NODES = 100_000;

/**
 * YAML text as a tree of nodes that know where they were written. `locate` turns an offset in the text into words.
 * What is wrong with the text goes to `problems`, and the tree holds what could be read.
 */
export function readYaml(text: string, locate: (offset: number) => string, problems: ConfigProblem[]): ConfigNode {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    // The parser recurses: a few thousand brackets overflow its stack.
    problems.push({ path: '', message: `is not YAML that can be read: ${String(error)}`, source: locate(0) });
    return { kind: 'scalar', value: null, source: locate(0) };
  }
  for (const [index, { code, message, pos }] of document.errors.entries()) {
    // After the first of them the parser is lost, and every token is unexpected.
    if (index > 0 && code === 'UNEXPECTED_TOKEN') continue;
    problems.push({ path: '', message: syntaxError(text, code, message, pos[0]), source: locate(pos[0]) });
  }
  return new Reader(document, locate, problems).read(document.contents, [], locate(0));
}

function syntaxError(text: string, code: string, message: string, offset: number): string {
  if (code === 'MULTIPLE_DOCS') return 'must be one document: a second one begins here';
  const hint = text.slice(offset - 1, offset + 1) === '${' ? '; inside { } and [ ] put values with ${ in quotes' : '';
  return `is not YAML: ${message}${hint}`;
}

class Reader {
  readonly #document: Document.Parsed;
  readonly #locate: (offset: number) => string;
  readonly #problems: ConfigProblem[];
  #nodes = 0;

  constructor(document: Document.Parsed, locate: (offset: number) => string, problems: ConfigProblem[]) {
    this.#document = document;
    this.#locate = locate;
    this.#problems = problems;
  }

  read(node: Node | null, path: Path, near: string): ConfigNode {
    const source = node?.range ? this.#locate(node.range[0]) : near;
    const nothing: ConfigNode = { kind: 'scalar', value: null, source };
    this.#nodes += 1;
    if (path.length > MOST_DEPTH || this.#nodes > MOST_NODES) {
      const most = path.length > MOST_DEPTH ? `${MOST_DEPTH} levels deep` : `${MOST_NODES} values`;
      // Once is enough: what made it too large would say so thousands of times.
      if (!this.#problems.some(({ message }) => message.includes(most))) {
        this.#problem([], `is too large: at most ${most}, aliases followed`, source);
      }
      return nothing;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) this.#problem(path, `the alias *${node.source} has no anchor before it`, source);
      return this.read(target ?? null, path, source);
    }
    if (isMap<Node, Node | null>(node)) return { kind: 'map', entries: this.#entries(node.items, path, source), source };
    if (isSeq<Node>(node)) {
      return { kind: 'list', items: node.items.map((item, index) => this.read(item, [...path, index], source)), source };
    }
    if (!isScalar(node)) return nothing;
    const { value } = node;
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
    return { kind: 'scalar', value: known ? value : String(value), source };
  }

  #entries(pairs: readonly Pair<Node, Node | null>[], path: Path, near: string): ReadonlyMap<string, MapEntry> {
    const entries = new Map<string, MapEntry>();
    const inherited = new Map<string, MapEntry>();
    for (const { key, value } of pairs) {
      const keySource = key?.range ? this.#locate(key.range[0]) : near;
      if (!isScalar(key)) {
        this.#problem(path, 'a key must be plain text', keySource);
        continue;
      }
      const name = String(key.value ?? '');
      if (name === '<<') {
        for (const [each, entry] of this.#inherit(value, path, keySource)) inherited.set(each, entry);
        continue;
      }
      const before = entries.get(name);
      if (before !== undefined) this.#problem([...path, name], `is given twice, first at ${before.keySource}`, keySource);
      else entries.set(name, { keySource, node: this.read(value, [...path, name], keySource) });
    }
    return inherited.size === 0 ? entries : new Map([...inherited, ...entries]);
  }

  /** YAML's merge key: `<<: *defaults`, or a list of them, of which the first wins. */
  #inherit(value: Node | null, path: Path, keySource: string): [string, MapEntry][] {
    const read = this.read(value, [...path, '<<'], keySource);
    const maps = read.kind === 'list' ? read.items.toReversed() : [read];
    return maps.flatMap((map) => {
      if (map.kind === 'map') return [...map.entries];
      this.#problem(path, 'the key << must name a mapping or a list of mappings', keySource);
      return [];
    });
  }

  #problem(path: Path, message: string, source: string): void {
    this.#problems.push({ path: path.join('::'), message, source });
  }
}
