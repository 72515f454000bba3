import type { Catalog } from '../src/receivers/dropreason/reasons/catalog.ts';

const HEAD = `// Generated from reasons.yaml (\`npm run generate\`): the parts that counting needs.
`;

/** known_reasons.ts: the class of each reason, and the directions in which reasons to alert on can occur. */
export function renderKnownReasons({ reasons }: Catalog): string {
  const all = Object.values(reasons).flatMap((subject) => Object.entries(subject));
  const directions = all.flatMap(([name, { directions }]) => (directions === undefined ? [] : [[name, directions] as const]));
  return `${HEAD}import type { Direction, ReasonClass } from './reason_class.ts';

/** By the published name. */
export const CLASS_OF_REASON: ReadonlyMap<string, ReasonClass> = new Map<string, ReasonClass>([
${all.map(([name, each]) => `  ['${name}', '${each.class}'],\n`).join('')}]);

/** The directions in which a reason of class \`capacity\` or \`error\` can occur, if not only \`ingress\`. */
export const DIRECTIONS_OF_REASON: ReadonlyMap<string, readonly Direction[]> = new Map<string, readonly Direction[]>([
${directions.map(([name, each]) => `  ['${name}', [${each.map((one) => `'${one}'`).join(', ')}]],\n`).join('')}]);
`;
}

/** known_functions.ts: the reason or class that follows from the function that frees a packet. */
export function renderKnownFunctions({ functions }: Catalog): string {
  const classes = (list: 'class' | 'class_beside_reasons') =>
    Object.entries(functions[list])
      .flatMap(([of, names]) => names.map((name) => `  ['${name}', '${of}'],\n`))
      .join('');
  return `${HEAD}import type { ReasonClass } from './reason_class.ts';

/** The reason that follows from a function, on kernels without reasons. */
export const REASON_OF_FUNCTION: ReadonlyMap<string, string> = new Map([
${Object.entries(functions.reason)
  .map(([name, reason]) => `  ['${name}', '${reason}'],\n`)
  .join('')}]);

/** The class of an UNKNOWN_DROP that a function frees, on all kernels. */
export const CLASS_OF_FUNCTION: ReadonlyMap<string, ReasonClass> = new Map<string, ReasonClass>([
${classes('class')}]);

/** The same if the kernel's reasons are used; these then take precedence. */
export const CLASS_BESIDE_REASONS: ReadonlyMap<string, ReasonClass> = new Map<string, ReasonClass>([
${classes('class_beside_reasons')}]);
`;
}
