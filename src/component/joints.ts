import type { AuthenticatorRole } from './authenticator.ts';
import type { Endpoint } from './schema.ts';

/**
 * An exclusive resource that a component uses while it runs. With two owners, one can't start, or it is unclear who wrote what.
 * `capabilities` are those of the process: a component that drops them leaves none for components that start later.
 */
export type Claim = {
  /** The key that sets it, below the component's id. */
  readonly path: readonly (string | number)[];
} & (
  | {
      readonly endpoint: Endpoint;
      /** Why it should not be reachable from other hosts; undefined if it may be. */
      readonly exposure?: string | undefined;
    }
  | { readonly file: string }
  | { readonly directory: string }
  | { readonly capabilities: 'needed' | 'dropped' }
);

/** A component's use of an extension that authenticates. */
export interface AuthenticatorUse {
  /** The key that names the extension, below the component's id. */
  readonly path: readonly (string | number)[];
  readonly id: string;
  readonly role: AuthenticatorRole;
  /** Valid, but probably not as intended. */
  readonly warning?: string;
}

/**
 * What a pipeline may carry besides the rows of the node: flows, the pods at their ends (`pods`), and attributes of these by name. Or what
 * its rows are: counts of this process alone. Components know these words, not one another.
 */
export type Supply = 'flows' | 'counts of this process' | 'pods' | 'pods of one node' | `${string}.${string}`;

/** What a component needs from earlier stages of its pipeline. */
export interface Need {
  readonly supply: Supply;
  /** `mistake`: the component is useless without it. `warning`: it works, but probably not as intended. */
  readonly otherwise: 'mistake' | 'warning';
  /** The problem and what to do, after the component's id. */
  readonly message: string;
}
