/** What outlives a reload, by the component that keeps it. */
export class Keepsakes {
  readonly #values = new Map<string, unknown>();

  /** The part of one component; `kind` keeps an exporter from a receiver of the same id. */
  of(kind: string, id: string): <T>(name: string, make: () => T) => T {
    return (name, make) => {
      const key = `${kind}::${id}::${name}`;
      if (!this.#values.has(key)) this.#values.set(key, make());
      return this.#values.get(key) as ReturnType<typeof make>;
    };
  }
}
