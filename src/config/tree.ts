/** A configuration value with the place where it was written. */
export type ConfigNode = ScalarNode | ListNode | MapNode;

interface Written {
  /** `file:line:column`, or `--set KEY`. */
  readonly source: string;
  /** The original characters, if the value doesn't preserve them: as text, `0123` must stay `0123`. */
  readonly text?: string;
  /** Set if the value, or a part of it, came from the environment or a file. */
  readonly expansion?: Expansion;
}

/** The origin of a value that isn't written in the file itself, for messages. */
export interface Expansion {
  /** As written in the file, such as `Bearer ${env:TOKEN}`. Messages show this. */
  readonly written: string;
  /** The value without its secret parts; undefined if it has none. */
  readonly redacted: string | undefined;
}

export interface ScalarNode extends Written {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}

export interface ListNode extends Written {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}

export interface MapNode extends Written {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  /** Where the key was written; unknown keys are reported there. */
  readonly keySource: string;
  readonly node: ConfigNode;
}

export type Path = readonly (string | number)[];

/** Merges files as the Collector's confmap does: maps key by key, everything else is replaced. */
export function merge(under: ConfigNode, over: ConfigNode): ConfigNode {
  if (under.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(under.entries);
  for (const [key, entry] of over.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? entry : { keySource: entry.keySource, node: merge(before.node, entry.node) });
  }
  return { ...under, entries };
}

export type Reading = (node: ConfigNode, path: Path) => unknown;

/**
 * The plain value for zod. `read` returns the value of a scalar or of a node with text; undefined means the node's own value. Creates only
 * own properties, whatever the keys are called.
 */
export function plain(node: ConfigNode, read: Reading = () => undefined, path: Path = []): unknown {
  if (node.kind === 'scalar' || node.text !== undefined) {
    const value = read(node, path);
    if (value !== undefined) return value;
  }
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map((item, index) => plain(item, read, [...path, index]));
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node, read, [...path, key])]));
  }
}

function entryAt(node: ConfigNode, step: string | number): MapEntry | undefined {
  if (node.kind === 'map') return node.entries.get(String(step));
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined;
  return item && { keySource: item.source, node: item };
}

/** The node at `path`, or undefined if there is none. */
export function nodeAt(root: ConfigNode, path: Path): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path) node = node && entryAt(node, step)?.node;
  return node;
}

/** The source of the value at `path`, or of its key. If it is missing, the source of the nearest existing key above. */
export function sourceAt(root: ConfigNode, path: Path, part: 'key' | 'value'): string {
  let entry: MapEntry = { keySource: root.source, node: root };
  for (const step of path) {
    const next = entryAt(entry.node, step);
    if (next === undefined) return entry.keySource;
    entry = next;
  }
  return part === 'key' ? entry.keySource : entry.node.source;
}

/** The paths below a node at which a key is present: in each item of a list on the way. */
export function pathsOf(node: ConfigNode | undefined, key: readonly string[]): Path[] {
  if (node === undefined) return [];
  const [step, ...rest] = key;
  if (step === undefined) return [[]];
  if (node.kind === 'list') return node.items.flatMap((item, index) => pathsOf(item, key).map((path) => [index, ...path]));
  const below = node.kind === 'map' ? node.entries.get(step)?.node : undefined;
  return pathsOf(below, rest).map((path) => [step, ...path]);
}
