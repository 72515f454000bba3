import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import type { ConfigProblem } from '../component/errors.ts';
import { MOST_CHARACTERS, TOO_LONG } from './read_text.ts';
import type { ConfigNode, MapEntry, Path } from './tree.ts';

const MOST_DEPTH = 64;
/** Anchors that refer to one another can expand a small file to billions of values. */
const MOST_NODES = 100_000;

/**
 * Parses YAML text into a tree of nodes with their sources. `locate` turns an offset into a readable position. Syntax errors go to
 * `problems`, and the tree holds what could be read. An alias and its anchor share one node.
 */
export function readYaml(text: string, locate: (offset: number) => string, problems: ConfigProblem[]): ConfigNode {
  const nothing: ConfigNode = { kind: 'scalar', value: null, source: locate(0) };
  const refused = (message: string) => {
    problems.push({ path: '', message, source: locate(0) });
    return nothing;
  };
  if (text.length > MOST_CHARACTERS) return refused(TOO_LONG);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    // The parser recurses: a few thousand brackets overflow its stack.
    return refused(`is not readable YAML: ${String(error)}`);
  }
  for (const [index, { code, message, pos }] of document.errors.entries()) {
    // After its first error the parser is out of sync and reports every token as unexpected.
    if (index > 0 && code === 'UNEXPECTED_TOKEN') continue;
    problems.push({ path: '', message: syntaxError(text, code, message, pos[0]), source: locate(pos[0]) });
  }
  return new Reader(locate, problems).read(document.contents, [], locate(0));
}

function syntaxError(text: string, code: string, message: string, offset: number): string {
  if (code === 'MULTIPLE_DOCS') return 'must be one document: a second one starts here';
  const hint = text.slice(offset - 1, offset + 1) === '${' ? '; inside { } and [ ] put values with ${ in quotes' : '';
  // The parser shows the characters it found, which may be a secret.
  const problem = message.replace(/(?<=extra characters): .*/s, '');
  return `is not YAML: ${problem}${hint}`;
}

/** A node with an anchor, and what an alias to it adds. */
interface Anchored {
  readonly node: ConfigNode;
  /** The number of values in it, including itself and those of aliases. */
  readonly values: number;
  /** Levels from the node to the deepest value in it. */
  readonly levels: number;
}

class Reader {
  readonly #locate: (offset: number) => string;
  readonly #problems: ConfigProblem[];
  readonly #anchors = new Map<string, Anchored | 'open'>();
  /** Values so far, including those of aliases. */
  #values = 0;
  /** The deepest level since the last reset. */
  #deepest = 0;
  #isTooLarge = false;

  constructor(locate: (offset: number) => string, problems: ConfigProblem[]) {
    this.#locate = locate;
    this.#problems = problems;
  }

  read(node: Node | null, path: Path, near: string): ConfigNode {
    const source = node?.range ? this.#locate(node.range[0]) : near;
    if (!this.#admit(1, path.length, source)) return { kind: 'scalar', value: null, source };
    if (isAlias(node)) return this.#alias(node.source, path, source);
    const { anchor } = (node ?? {}) as { anchor?: string };
    if (anchor === undefined) return this.#read(node, path, source);
    this.#anchors.set(anchor, 'open');
    const valuesBefore = this.#values;
    const deepestBefore = this.#deepest;
    this.#deepest = path.length;
    const read = this.#read(node, path, source);
    this.#anchors.set(anchor, { node: read, values: this.#values - valuesBefore, levels: this.#deepest - path.length });
    this.#deepest = Math.max(this.#deepest, deepestBefore);
    return read;
  }

  #read(node: Node | null, path: Path, source: string): ConfigNode {
    if (isMap<Node, Node | null>(node)) return { kind: 'map', entries: this.#entries(node.items, path, source), source };
    if (isSeq<Node>(node)) {
      return { kind: 'list', items: node.items.map((item, index) => this.read(item, [...path, index], source)), source };
    }
    return isScalar(node) ? scalar(node, source) : { kind: 'scalar', value: null, source };
  }

  /** All aliases of an anchor share one node in the tree. */
  #alias(name: string, path: Path, source: string): ConfigNode {
    const anchored = this.#anchors.get(name);
    const nothing: ConfigNode = { kind: 'scalar', value: null, source };
    if (anchored === 'open') this.#problem(path, 'the alias is inside its own anchor', source);
    else if (anchored === undefined)
      this.#problem(path, 'the alias has no anchor before it; put text that begins with * in quotes', source);
    else if (this.#admit(anchored.values, path.length + anchored.levels, source)) return anchored.node;
    return nothing;
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
      if (name === '__proto__') {
        // zod silently drops it from records.
        this.#problem([...path, name], 'cannot be a key', keySource);
        continue;
      }
      const before = entries.get(name);
      if (before !== undefined) this.#problem([...path, name], `is set twice, first at ${before.keySource}`, keySource);
      else entries.set(name, { keySource, node: this.read(value, [...path, name], keySource) });
    }
    return inherited.size === 0 ? entries : new Map([...inherited, ...entries]);
  }

  /** YAML's merge key: `<<: *defaults`, or a list of aliases; the first one wins. */
  #inherit(value: Node | null, path: Path, keySource: string): [string, MapEntry][] {
    const read = this.read(value, [...path, '<<'], keySource);
    const maps = read.kind === 'list' ? read.items.toReversed() : [read];
    return maps.flatMap((map) => {
      if (map.kind === 'map') return [...map.entries];
      this.#problem([...path, '<<'], 'must name a mapping or a list of mappings', keySource);
      return [];
    });
  }

  /** Counts further values, the deepest at `level`. Returns whether the limits still hold. */
  #admit(values: number, level: number, source: string): boolean {
    this.#values += values;
    this.#deepest = Math.max(this.#deepest, level);
    if (level <= MOST_DEPTH && this.#values <= MOST_NODES) return true;
    // Report it once; further values would repeat it thousands of times.
    if (this.#isTooLarge) return false;
    this.#isTooLarge = true;
    const most = level > MOST_DEPTH ? `${MOST_DEPTH} levels deep` : `${MOST_NODES} values`;
    this.#problem([], `is too large: at most ${most}, including aliases`, source);
    return false;
  }

  #problem(path: Path, message: string, source: string): void {
    this.#problems.push({ path: path.join('::'), message, source });
  }
}

function scalar({ value, source: text }: Scalar, source: string): ConfigNode {
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
  // Such as 0123, 1.10, or a number with too many digits.
  const isOther = typeof value === 'number' && text !== undefined && String(value) !== text;
  return { kind: 'scalar', value: known ? value : String(value), source, ...(isOther ? { text } : {}) };
}
