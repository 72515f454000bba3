import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

/** Imported by the bundler's own module, which comes first. */
const MODULE = 'node:module';
const PREFIX = '\0builtin:';

/**
 * Makes the bundle load Node's own modules with process.getBuiltinModule(). An import statement reads every property of the module, and
 * some of node:http load all of undici: 70 ms and 7 MB.
 *
 * @param except a module that keeps its import statements
 */
export function builtins(except: string): Plugin {
  return {
    name: 'builtins',
    resolveId: {
      filter: { id: /^[\w:/]+$/ },
      handler: (id, importer, { kind }) =>
        kind === 'import-statement' && isBuiltin(id) && id !== MODULE && importer !== except ? `${PREFIX}${id}` : undefined,
    },
    load: {
      filter: { id: new RegExp(`^${PREFIX}`) },
      handler: (id) => ({ code: source(id.slice(PREFIX.length)), moduleSideEffects: false }),
    },
  };
}

/** Unused properties are removed from the bundle, so they are never read. */
function source(id: string): string {
  const names = Object.keys(process.getBuiltinModule(id) as object).filter(
    (name) => /^[A-Za-z_]\w*$/.test(name) && name !== 'default',
  );
  return [
    `const builtin = process.getBuiltinModule(${JSON.stringify(id)});`,
    'export default builtin;',
    ...names.map((name) => `const $${name} = builtin.${name};\nexport { $${name} as ${name} };`),
  ].join('\n');
}
