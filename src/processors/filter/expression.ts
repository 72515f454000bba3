import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

const require = createRequire(import.meta.url);

/** Made once and asked often; the time it takes is linear in the length of the value, whatever the expression is. */
export interface Expression {
  /** Whether the whole value fits. */
  fits(value: string): boolean;
}

/**
 * An expression in the syntax of RE2, which is the Collector's. Its engine (0.7 MB) is loaded with the first one.
 *
 * @throws Error where `text` isn't one; its message says why.
 */
export function compile(text: string): Expression {
  const { RE2JS: Engine } = require('re2js') as { RE2JS: typeof RE2JS };
  const compiled = Engine.compile(text);
  return { fits: (value) => compiled.matches(value) };
}

/** Why `text` isn't an expression, in few words; undefined where it is one. */
export function expressionMistake(text: string): string | undefined {
  try {
    compile(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '').replaceAll('`', '"');
  }
}
