import { z } from 'zod';

/** A key of the Collector that is accepted with some values, which have no effect here. */
export interface IgnoredKey {
  /** Why it has none. */
  readonly why: string;
  /** Refuses the values that would have an effect. */
  readonly schema: z.ZodType;
}

/** A key that may only have this value, which is what happens anyway. `otherwise`: what to do about any other. */
export function only(value: string | boolean, { why, otherwise }: { why: string; otherwise: string }): IgnoredKey {
  return { why, schema: z.literal(value, { error: `must be ${JSON.stringify(value)}: ${otherwise}` }) };
}

/** Why `without_scope_info` may only be true, on every Prometheus endpoint. */
export const NO_SCOPE = {
  why: 'no series has labels of its scope',
  otherwise: 'there is one scope, so no series has labels of it',
} as const;
