import type { z } from 'zod';
import type { ConfigProblem } from '../component/errors.ts';
import type { Hints } from './issues.ts';
import { Readings } from './readings.ts';
import { messageWithout } from './redact.ts';
import { type ConfigNode, type MapEntry, nodeAt, type Path, plain, sourceAt } from './tree.ts';

/** Mistakes that are told at once: nobody reads more, and the nearest word of thousands takes a while for each. */
const MOST_PROBLEMS = 100;

/** The file while it is being validated: collects what is wrong with it, each with its place. */
export class Draft {
  readonly #root: ConfigNode;
  readonly #readings = new Readings();
  readonly #failed: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
  readonly warnings: ConfigProblem[] = [];

  /** Complaints at or under a path in `failed` are dropped: that its value can't be told has been said. */
  constructor(root: ConfigNode, failed: ReadonlySet<string>, problems: ConfigProblem[]) {
    this.#root = root;
    this.#failed = failed;
    this.problems = problems;
  }

  /** The files as one, merged and expanded, without what an expansion keeps secret. */
  get shown(): unknown {
    return plain(this.#root, (node, path) => {
      const value = this.#readings.of(node, path);
      return value === undefined ? undefined : (node.expansion?.redacted ?? value);
    });
  }

  node(path: Path): ConfigNode | undefined {
    return nodeAt(this.#root, path);
  }

  /** What a section of components or pipelines holds; nothing where it is missing, empty or no mapping. */
  entries(path: Path): ReadonlyMap<string, MapEntry> {
    const node = this.node(path);
    return node?.kind === 'map' ? node.entries : new Map();
  }

  /** Whether there are as many mistakes as are told at once. */
  get isFull(): boolean {
    return this.problems.length >= MOST_PROBLEMS;
  }

  problem(path: Path, message: string, about: 'key' | 'value' = 'value'): void {
    if (this.isFull) return;
    if (path.some((_, index) => this.#failed.has(path.slice(0, index + 1).join('::')))) return;
    this.problems.push(this.#at(path, message, about));
  }

  warn(path: Path, message: string): void {
    if (this.warnings.length < MOST_PROBLEMS) this.warnings.push(this.#at(path, message, 'key'));
  }

  /** The value at `path` as `schema` makes it, or undefined with problems told. `hints` are for keys below it that aren't known. */
  parse<T>(schema: z.ZodType<T>, path: Path, hints: Hints = {}): T | undefined {
    const result = this.#readings.check(schema, this.#root, path, hints);
    if ('data' in result) return result.data;
    for (const { path: at, message, about } of result.complaints) this.problem(at, message, about);
    return undefined;
  }

  #at(path: Path, message: string, about: 'key' | 'value'): ConfigProblem {
    return {
      path: path.join('::'),
      message: shownMessage(message, this.node(path)),
      source: sourceAt(this.#root, path, about),
    };
  }
}

/** A message about a node, without what of its value nobody is to see. */
function shownMessage(message: string, node: ConfigNode | undefined): string {
  const shown = asWritten(message, node);
  const written = node?.expansion?.written ?? node?.text ?? (node?.kind === 'scalar' ? node.value : undefined);
  return typeof written === 'string' ? messageWithout(shown, written) : shown;
}

/** What came from the environment or a file may be a secret wherever it stands: a message shows it as the file has it. */
function asWritten(message: string, node: ConfigNode | undefined): string {
  if (node?.expansion === undefined) return message;
  const given = node.text ?? (node.kind === 'scalar' ? node.value : undefined);
  if (typeof given !== 'string' || isHarmless(given)) return message;
  const { written } = node.expansion;
  const got = /, got .*$/s.exec(message);
  const before = got === null ? message : message.slice(0, got.index);
  const said = [JSON.stringify(given).slice(1, -1), given].reduce((text, each) => text.replaceAll(each, written), before);
  return got === null ? said : `${said}, got ${JSON.stringify(written)}`;
}

/** Numbers, switches, durations and addresses: to see what they are is what helps. */
function isHarmless(text: string): boolean {
  return /^(?:[\d.]+(?:[a-zµ]{1,2})?|true|false|null|[\d.:[\]]+|[\da-f:.[\]]*:[\da-f:.[\]]*)?$/i.test(text);
}
