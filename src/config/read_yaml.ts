import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import type { ConfigProblem } from '../component/errors.ts';
import { MOST_CHARACTERS, TOO_LONG } from './read_text.ts';
import type { ConfigNode, MapEntry, Path } from './tree.ts';

const MOST_DEPTH = 64;
/** A file of anchors that name one another can stand for billions of values. */
const MOST_NODES = 100_000;

/**
 * YAML text as a tree of nodes that know where they were written. `locate` turns an offset in the text into words.
 * What is wrong with the text goes to `problems`, and the tree holds what could be read. An alias and what it names are one node.
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
    return refused(`is not YAML that can be read: ${String(error)}`);
  }
  for (const [index, { code, message, pos }] of document.errors.entries()) {
    // After the first of them the parser is lost, and every token is unexpected.
    if (index > 0 && code === 'UNEXPECTED_TOKEN') continue;
    problems.push({ path: '', message: syntaxError(text, code, message, pos[0]), source: locate(pos[0]) });
  }
  return new Reader(locate, problems).read(document.contents, [], locate(0));
}

function syntaxError(text: string, code: string, message: string, offset: number): string {
  if (code === 'MULTIPLE_DOCS') return 'must be one document: a second one begins here';
  const hint = text.slice(offset - 1, offset + 1) === '${' ? '; inside { } and [ ] put values with ${ in quotes' : '';
  // The parser shows what it found there, which may be a secret.
  const said = message.replace(/(?<=extra characters): .*/s, '');
  return `is not YAML: ${said}${hint}`;
}

/** A node that has been read, with what its aliases would add. */
interface Anchored {
  readonly node: ConfigNode;
  /** Values in it, itself and those of aliases included. */
  readonly values: number;
  /** Levels from the node to the deepest value in it. */
  readonly levels: number;
}

class Reader {
  readonly #locate: (offset: number) => string;
  readonly #problems: ConfigProblem[];
  readonly #anchors = new Map<string, Anchored | 'open'>();
  /** Values so far, aliases followed. */
  #values = 0;
  /** The deepest level since it was last set back. */
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

  /** What an alias names is in the tree once, however many aliases there are. */
  #alias(name: string, path: Path, source: string): ConfigNode {
    const anchored = this.#anchors.get(name);
    const nothing: ConfigNode = { kind: 'scalar', value: null, source };
    if (anchored === 'open') this.#problem(path, 'the alias is inside of what it names', source);
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
        // zod leaves it out of every record without a word.
        this.#problem([...path, name], 'can not be a key', keySource);
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
      this.#problem([...path, '<<'], 'must name a mapping or a list of mappings', keySource);
      return [];
    });
  }

  /** Whether there is room for so many more values, of which the deepest is at that level. */
  #admit(values: number, level: number, source: string): boolean {
    this.#values += values;
    this.#deepest = Math.max(this.#deepest, level);
    if (level <= MOST_DEPTH && this.#values <= MOST_NODES) return true;
    // Once is enough: what made it too large would say so thousands of times.
    if (this.#isTooLarge) return false;
    this.#isTooLarge = true;
    const most = level > MOST_DEPTH ? `${MOST_DEPTH} levels deep` : `${MOST_NODES} values`;
    this.#problem([], `is too large: at most ${most}, aliases followed`, source);
    return false;
  }

  #problem(path: Path, message: string, source: string): void {
    this.#problems.push({ path: path.join('::'), message, source });
  }
}

function scalar({ value, source: text }: Scalar, source: string): ConfigNode {
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
  // 0123, 1.10, or more digits than a number holds.
  const isOther = typeof value === 'number' && text !== undefined && String(value) !== text;
  return { kind: 'scalar', value: known ? value : String(value), source, ...(isOther ? { text } : {}) };
}
