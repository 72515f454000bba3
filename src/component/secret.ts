import { inspect } from 'node:util';
import { z } from 'zod';

/** Marks a schema whose values `print-config` must not show. */
export const secrets = z.registry<{ secret: true }>();

/** The property is enumerable, so that two secrets are equal where what they hide is. */
const HIDDEN = Symbol('hidden');

/** What stands in the place of a secret. */
export const REDACTED = '[REDACTED]';

/** A text that nobody is to see: whatever prints it prints `[REDACTED]`, and only `reveal` tells. */
export class Secret {
  readonly [HIDDEN]: string;

  constructor(text: string) {
    this[HIDDEN] = text;
  }

  /** The text, for whom it is meant. */
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

/** A text in the YAML file that `print-config`, messages and the log don't show, a {@link Secret} in the config object. */
export function secret(text: z.ZodString = z.string()) {
  return text.register(secrets, { secret: true }).transform((given) => new Secret(given));
}
