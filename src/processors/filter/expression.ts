import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** The most characters of the engine's message. */
const MOST_WHY = 120;

const require = createRequire(import.meta.url);

/** Compiled once and used often. Matching takes linear time in the length of the value, whatever the expression is. */
export interface Expression {
  /** Whether the whole value fits. */
  fits(value: string): boolean;
  /** In instructions of RE2, about as many as characters once repetitions are written out: what compiling and asking costs. */
  readonly size: number;
}

/**
 * An expression in the syntax of RE2, which is the Collector's. Its engine (0.7 MB) is loaded with the first one.
 *
 * @throws Error if `text` is invalid; its message says why.
 */
export function compile(text: string): Expression {
  const { RE2JS: Engine } = require('re2js') as { RE2JS: typeof RE2JS };
  const compiled = Engine.compile(text);
  return { fits: (value) => compiled.matches(value), size: compiled.programSize() };
}

/** The size of an expression, or why `text` isn't one, in few words. */
export function checkExpression(text: string): { readonly size: number } | { readonly mistake: string } {
  try {
    return { size: compile(text).size };
  } catch (error) {
    const why = (error as Error).message.replace(/^error parsing regexp: /, '').replaceAll('`', '"');
    // It shows the part that is wrong, which may be all of it.
    return { mistake: why.length > MOST_WHY ? `${why.slice(0, MOST_WHY)}…` : why };
  }
}
