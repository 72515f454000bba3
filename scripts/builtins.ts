import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

/** The bundler's own module imports it, and comes first. */
const MODULE = 'node:module';
const PREFIX = '\0builtin:';

/**
 * Has the bundle fetch Node's own modules by process.getBuiltinModule(). An import statement reads every property of the module, and
 * node:http has some that load all of undici: 70 ms and 7 MB.
 *
 * @param except a module that goes on importing
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

/** What isn't used is left out of the bundle, and so isn't read. */
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
