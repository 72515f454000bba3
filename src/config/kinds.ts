import type { Factories } from '../component/factory.ts';

/** The four kinds of components, which are the sections of the file, in reporting order. */
export const KINDS = ['receivers', 'processors', 'exporters', 'extensions'] as const;

export type Kind = (typeof KINDS)[number];

/** The singular of a kind: `receiver` for `receivers`. */
export function singular(kind: Kind): string {
  return kind.slice(0, -1);
}

/** The factory for `type`, by name or alias. */
export function findFactory<K extends Kind>(factories: Factories, kind: K, type: string): Factories[K][number] | undefined {
  const all: readonly Factories[K][number][] = factories[kind];
  return all.find((factory) => factory.type === type || factory.aliases?.includes(type));
}

/** Every type name allowed under `kind`, including aliases. */
export function typeNames(factories: Factories, kind: Kind): string[] {
  return factories[kind].flatMap((factory) => [factory.type, ...(factory.aliases ?? [])]);
}
