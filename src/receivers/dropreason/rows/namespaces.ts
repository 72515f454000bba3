import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where `ip netns` and CNI plugins put namespaces that they make, by name. */
const NAMED = '/run/netns';
/** Namespaces that are remembered: those seen longest ago are forgotten, and looked up again. */
const MOST = 4096;

/** Identifies a network namespace: its inode number, which may be reused, and its cookie, which never is. */
export interface NamespaceId {
  readonly netns: number;
  /** 0 before Linux 5.12. */
  readonly cookie: number;
}

/** One number per namespace. Before Linux 5.12, successive namespaces with the same inode number can't be distinguished. */
export function numberOf({ netns, cookie }: NamespaceId): number {
  return cookie === 0 ? netns : -cookie;
}

/** What network namespaces are called under /run/netns. */
export class NamespaceNames {
  readonly #directory: string;
  /** As of when the namespace was first seen. Empty: it has none. */
  readonly #known = new Map<number, string>();
  /** Asked at most once a read. */
  #names: ReadonlyMap<number, string> | undefined;

  constructor(directory = NAMED) {
    this.#directory = directory;
  }

  /** A read begins. */
  begin(): void {
    this.#names = undefined;
  }

  /**
   * Empty if it has none. The name is that of the namespace that has this inode number now. If a namespace is deleted before its first drop
   * was read, it has no name, unless its number has been reused.
   */
  of(namespace: NamespaceId): string {
    const key = numberOf(namespace);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#names ??= namesIn(this.#directory);
    const name = this.#names.get(namespace.netns) ?? '';
    this.#known.set(key, name);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(oldest);
    }
    return name;
  }
}

/** Names by inode number; none if the directory is missing or can't be read. */
function namesIn(directory: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const name of entriesOf(directory)) {
    const inode = inodeOf(join(directory, name));
    if (inode !== undefined) names.set(inode, name);
  }
  return names;
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}
