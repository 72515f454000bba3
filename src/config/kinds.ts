import type { Factories } from '../component/factory.ts';

/** The four kinds of components: the sections of the file, in the order in which they are told. */
export const KINDS = ['receivers', 'processors', 'exporters', 'extensions'] as const;

export type Kind = (typeof KINDS)[number];

/** Where in the file a kind is told, as one word: `receivers` has each `receiver`. */
export function singular(kind: Kind): string {
  return kind.slice(0, -1);
}

/** The factory that makes `type`, by its name or by an alias. */
export function findFactory<K extends Kind>(factories: Factories, kind: K, type: string): Factories[K][number] | undefined {
  const all: readonly Factories[K][number][] = factories[kind];
  return all.find((factory) => factory.type === type || factory.aliases?.includes(type));
}

/** Every name that can be written under `kind`, aliases too. */
export function typeNames(factories: Factories, kind: Kind): string[] {
  return factories[kind].flatMap((factory) => [factory.type, ...(factory.aliases ?? [])]);
}
