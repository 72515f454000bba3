import type { z } from 'zod';
import type { ConfigProblem } from '../component/errors.ts';
import { type Complaint, check } from './issues.ts';
import { withoutUserInfo } from './redact.ts';
import { type ConfigNode, type MapEntry, nodeAt, type Path, plain, replaceAt, sourceAt } from './tree.ts';
import { NOT_TEXT } from './words.ts';

/** The file while it is being validated: collects what is wrong with it, each with its place. */
export class Draft {
  #root: ConfigNode;
  readonly #failed: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
  readonly warnings: ConfigProblem[] = [];

  /** Complaints at or under a path in `failed` are dropped: that its value can't be told has been said. */
  constructor(root: ConfigNode, failed: ReadonlySet<string>, problems: ConfigProblem[]) {
    this.#root = root;
    this.#failed = failed;
    this.problems = problems;
  }

  get plain(): unknown {
    return plain(this.#root);
  }

  node(path: Path): ConfigNode | undefined {
    return nodeAt(this.#root, path);
  }

  /** What a section of components or pipelines holds; nothing where it is missing, empty or no mapping. */
  entries(path: Path): ReadonlyMap<string, MapEntry> {
    const node = this.node(path);
    return node?.kind === 'map' ? node.entries : new Map();
  }

  problem(path: Path, message: string, about: 'key' | 'value' = 'value'): void {
    if (path.some((_, index) => this.#failed.has(path.slice(0, index + 1).join('::')))) return;
    this.problems.push({ path: path.join('::'), message: withoutUserInfo(message), source: sourceAt(this.#root, path, about) });
  }

  warn(path: Path, message: string): void {
    this.warnings.push({ path: path.join('::'), message, source: sourceAt(this.#root, path, 'key') });
  }

  /**
   * The value at `path` as `schema` makes it, or undefined with problems told. Nothing (`percpu_sum:`) is an empty mapping.
   * Where an expansion's YAML reading doesn't fit, its text is tried: `password: ${env:PIN}` is "0123", not 123.
   */
  parse<T>(schema: z.ZodType<T>, path: Path): T | undefined {
    let result = this.#check(schema, path);
    if ('complaints' in result && this.#tryTexts(schema, path, result.complaints)) result = this.#check(schema, path);
    if ('data' in result) return result.data;
    for (const { path: at, message, about } of result.complaints) this.problem(at, message, about);
    return undefined;
  }

  #check<T>(schema: z.ZodType<T>, path: Path) {
    const node = this.node(path);
    const value = node === undefined ? undefined : plain(node);
    return check(schema, value ?? {}, path);
  }

  /** Puts the text of expansions in the place of their values where that mends a complaint; true where it put any. */
  #tryTexts<T>(schema: z.ZodType<T>, path: Path, complaints: readonly Complaint[]): boolean {
    const before = this.#root;
    const expanded = complaints.filter((complaint) => isExpanded(this.node(complaint.path)));
    if (expanded.length === 0) return false;
    this.#root = expanded.map((complaint) => complaint.path).reduce(withText, before);
    const retried = this.#check(schema, path);
    const refused = new Set('complaints' in retried ? retried.complaints.map((each) => each.path.join('::')) : []);
    // Where the text doesn't fit either, the complaint about what YAML made of it is the better one, unless text is wanted.
    const mended = expanded.filter((each) => each.message.startsWith(NOT_TEXT) || !refused.has(each.path.join('::')));
    this.#root = mended.map((complaint) => complaint.path).reduce(withText, before);
    return mended.length > 0;
  }
}

function isExpanded(node: ConfigNode | undefined): boolean {
  return node?.text !== undefined && !(node.kind === 'scalar' && typeof node.value === 'string');
}

function withText(root: ConfigNode, path: Path): ConfigNode {
  return replaceAt(root, path, ({ text = '', source }) => ({ kind: 'scalar', value: text, source }));
}
