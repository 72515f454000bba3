import type { Endpoint } from './schema.ts';

/**
 * What a component takes of the host for as long as it runs: nobody else can have it, or there is no telling who wrote what.
 * `capabilities` are those of the process: a component that drops them leaves none to what starts after it.
 */
export type Claim = {
  /** The key that names it, below the component's id. */
  readonly path: readonly (string | number)[];
} & (
  | { readonly endpoint: Endpoint }
  | { readonly file: string }
  | { readonly directory: string }
  | { readonly capabilities: 'needed' | 'dropped' }
);

/**
 * What a pipeline may hand on besides the rows of the node: flows, who is at their ends (`pods`), and attributes of these,
 * by name. Components know these words, not one another.
 */
export type Supply = 'flows' | 'pods' | 'pods of one node' | `${string}.${string}`;

/** What a component needs of the stages before it in its pipeline. */
export interface Need {
  readonly supply: Supply;
  /** `mistake`: nothing comes of it without. `warning`: something does, and hardly what was meant. */
  readonly otherwise: 'mistake' | 'warning';
  /** What is the matter and what to do, after the component's id. */
  readonly message: string;
}
