/** The name of a component. `kind` distinguishes an exporter from a receiver with the same id. */
export function ownerOf(kind: string, id: string): string {
  return `${kind}::${id}`;
}

/** Values that outlive a reload, by owning component. */
export class Keepsakes {
  readonly #values = new Map<string, Map<string, unknown>>();

  /** The values of one component. */
  of(kind: string, id: string): <T>(name: string, make: () => T) => T {
    const owner = ownerOf(kind, id);
    return (name, make) => {
      const own = this.#values.get(owner) ?? new Map<string, unknown>();
      this.#values.set(owner, own);
      if (!own.has(name)) own.set(name, make());
      return own.get(name) as ReturnType<typeof make>;
    };
  }

  /** Frees the values of components that are not among `owners`, because the configuration no longer has them. */
  retain(owners: ReadonlySet<string>): void {
    for (const owner of this.#values.keys()) if (!owners.has(owner)) this.#values.delete(owner);
  }
}
