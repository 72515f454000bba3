import type { z } from 'zod';
import type { ConfigProblem } from '../component/errors.ts';
import type { IgnoredKey } from '../component/ignored_key.ts';
import type { Complaint, Hints } from './issues.ts';
import { Readings } from './readings.ts';
import { messageWithout } from './redact.ts';
import { type ConfigNode, type MapEntry, nodeAt, type Path, pathsOf, plain, sourceAt } from './tree.ts';

/** The most mistakes to report. More would not be read, and finding the nearest word for thousands of them takes long. */
const MOST_PROBLEMS = 100;

/** Keys that a schema hasn't, and what becomes of them; as in a factory. */
interface OtherKeys {
  readonly hints?: Hints;
  readonly ignored?: Readonly<Record<string, string | IgnoredKey>>;
}

/** The file during validation. Collects mistakes with their places. */
export class Draft {
  readonly #root: ConfigNode;
  readonly #readings = new Readings();
  readonly #failed: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
  readonly warnings: ConfigProblem[] = [];
  /** Components that have no effect, as `kind::id`. */
  readonly #ignored = new Set<string>();

  /** Drops complaints at or below a path in `failed`: the failed expansion is reported already. */
  constructor(root: ConfigNode, failed: ReadonlySet<string>, problems: ConfigProblem[]) {
    this.#root = root;
    this.#failed = failed;
    this.problems = problems;
  }

  /** The merged and expanded files, without secrets from expansions. */
  get shown(): unknown {
    return plain(this.#root, (node, path) => {
      const value = this.#readings.of(node, path);
      return value === undefined ? undefined : (node.expansion?.redacted ?? value);
    });
  }

  node(path: Path): ConfigNode | undefined {
    return nodeAt(this.#root, path);
  }

  /** The entries of a section; none if it is missing, empty or not a mapping. */
  entries(path: Path): ReadonlyMap<string, MapEntry> {
    const node = this.node(path);
    return node?.kind === 'map' ? node.entries : new Map();
  }

  /** Whether the limit of reported mistakes is reached. */
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

  /** Leaves a component out, with a warning. */
  ignore(kind: string, id: string, why: string): void {
    this.#ignored.add(`${kind}::${id}`);
    this.warn([kind, id], `is ignored: ${why}`);
  }

  isIgnored(kind: string, id: string): boolean {
    return this.#ignored.has(`${kind}::${id}`);
  }

  /** Parses the value at `path` with `schema`. Undefined if it has mistakes, which are collected. The last argument is for unknown keys. */
  parse<T>(schema: z.ZodType<T>, path: Path, { hints = {}, ignored = {} }: OtherKeys = {}): T | undefined {
    const present = Object.entries(ignored).flatMap(([name, how]) =>
      pathsOf(this.node(path), name.split('::')).map((key) => ({ key, how })),
    );
    const without = present.map(({ key }) => key.map(String));
    const result = this.#readings.check(schema, this.#root, path, { hints, without });
    const accepted = present.filter(({ key, how }) => this.#isIgnored([...path, ...key], how));
    if ('data' in result) {
      if (accepted.length < present.length) return undefined;
      for (const { key, how } of accepted) {
        this.warn([...path, ...key], `is ignored: ${typeof how === 'string' ? how : how.why}`);
      }
      return result.data;
    }
    this.#complain(result.complaints);
    return undefined;
  }

  /** Whether the value at `path` may be ignored. If not, that is reported. */
  #isIgnored(path: Path, how: string | IgnoredKey): boolean {
    if (typeof how === 'string') return true;
    const result = this.#readings.check(how.schema, this.#root, path, { hints: {}, without: [] });
    if ('data' in result) return true;
    this.#complain(result.complaints);
    return false;
  }

  #complain(complaints: readonly Complaint[]): void {
    for (const { path, message, about } of complaints) this.problem(path, message, about);
  }

  #at(path: Path, message: string, about: 'key' | 'value'): ConfigProblem {
    return {
      path: path.join('::'),
      message: shownMessage(message, this.node(path)),
      source: sourceAt(this.#root, path, about),
    };
  }
}

/** A message about a node, without the secret parts of its value. */
function shownMessage(message: string, node: ConfigNode | undefined): string {
  const shown = asWritten(message, node);
  const written = node?.expansion?.written ?? node?.text ?? (node?.kind === 'scalar' ? node.value : undefined);
  return typeof written === 'string' ? messageWithout(shown, written) : shown;
}

/** A value from the environment or a file may be a secret. The message shows the expansion as written in the file instead. */
function asWritten(message: string, node: ConfigNode | undefined): string {
  if (node?.expansion === undefined) return message;
  const given = node.text ?? (node.kind === 'scalar' ? node.value : undefined);
  if (typeof given !== 'string' || isHarmless(given)) return message;
  const { written } = node.expansion;
  const got = /, got .*$/s.exec(message);
  const before = got === null ? message : message.slice(0, got.index);
  const hidden = [JSON.stringify(given).slice(1, -1), given].reduce((text, each) => text.replaceAll(each, written), before);
  return got === null ? hidden : `${hidden}, got ${JSON.stringify(written)}`;
}

/** Numbers, switches, durations and addresses are shown, because the value helps to find the mistake. */
function isHarmless(text: string): boolean {
  return /^(?:[\d.]+(?:[a-zµ]{1,2})?|true|false|null|[\d.:[\]]+|[\da-f:.[\]]*:[\da-f:.[\]]*)?$/i.test(text);
}
