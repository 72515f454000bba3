/** Names a component; `kind` keeps an exporter from a receiver of the same id. */
export function ownerOf(kind: string, id: string): string {
  return `${kind}::${id}`;
}

/** What outlives a reload, by the component that keeps it. */
export class Keepsakes {
  readonly #values = new Map<string, Map<string, unknown>>();

  /** The part of one component. */
  of(kind: string, id: string): <T>(name: string, make: () => T) => T {
    const owner = ownerOf(kind, id);
    return (name, make) => {
      const own = this.#values.get(owner) ?? new Map<string, unknown>();
      this.#values.set(owner, own);
      if (!own.has(name)) own.set(name, make());
      return own.get(name) as ReturnType<typeof make>;
    };
  }

  /** Frees what components keep that are not among `owners`: the configuration no longer has them. */
  retain(owners: ReadonlySet<string>): void {
    for (const owner of this.#values.keys()) if (!owners.has(owner)) this.#values.delete(owner);
  }
}
