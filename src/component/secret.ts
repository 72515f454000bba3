import { inspect } from 'node:util';
import { z } from 'zod';

/** Marks a schema whose values `print-config` must not show. */
export const secrets = z.registry<{ secret: true }>();

/** The property is enumerable, so that two secrets compare equal if their texts do. */
const HIDDEN = Symbol('hidden');

/** Printed instead of a secret. */
export const REDACTED = '[REDACTED]';

/** A text that must not be shown. It prints as `[REDACTED]`; only `reveal` returns it. */
export class Secret {
  readonly [HIDDEN]: string;

  constructor(text: string) {
    this[HIDDEN] = text;
  }

  /** Returns the text. */
  reveal(): string {
    return this[HIDDEN];
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** A text in the YAML file that `print-config`, messages and the log hide; a {@link Secret} in the config object. */
export function secret(text: z.ZodString = z.string()) {
  return text.register(secrets, { secret: true }).transform((given) => new Secret(given));
}
