/**
 * `node scripts/bundle.ts DIRECTORY`: bundles src/ and the packages that it imports (docs/adr/0022). NOTICES.txt contains the
 * licences of these packages.
 */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { builtins } from './builtins.ts';
import { packagesOf, renderNotices } from './notices.ts';

/** Handles signals before anything else is loaded: see cli/signals.ts. */
const SIGNALS = inSource('cli/signals.ts');

/** Loaded by a Node.js that may be older than process.getBuiltinModule(). */
const HAND_OVER = inSource('cli/hand_over.ts');

/** Everything that `run` loads for the default configuration, and its imports, is in one file. */
const AGENT = [
  'cli/cli.ts',
  'cli/output.ts',
  'cli/run.ts',
  'receivers/dropreason/receiver.ts',
  'processors/percpu_sum/processor.ts',
  'exporters/prometheus/exporter.ts',
  'exporters/debug/exporter.ts',
].map(inSource);

/** A separate file, because processors/filter requires it synchronously, and only if needed. */
const REQUIRED = 're2js';

/** A separate file: the thread that compares passwords starts with it. */
const WORKER = 'bcrypt_worker';

/** Read at run time from the folder of the module, which is the bundle's folder here. */
const DATA = ['receivers/dropreason/reasons/reasons.yaml'].map(inSource);

const [directory = 'dist'] = process.argv.slice(2);

const bundle = await rolldown({
  input: { main: 'src/main.ts', [REQUIRED]: REQUIRED, [WORKER]: `src/extensions/basicauth/${WORKER}.ts` },
  platform: 'node',
  tsconfig: 'tsconfig.json',
  checks: { ineffectiveDynamicImport: false },
  treeshake: { propertyReadSideEffects: false },
  plugins: [
    builtins(HAND_OVER),
    {
      name: 'required',
      transform: {
        filter: { id: /\/processors\/filter\/expression\.ts$/ },
        handler: (code) => ({ code: code.replace(`require('${REQUIRED}')`, `require('./${REQUIRED}.js')`), map: null }),
      },
    },
  ],
});
rmSync(directory, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: directory,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: ({ name, facadeModuleId }) => `${facadeModuleId?.includes('/src/') ? pathName(facadeModuleId) : name}.js`,
  codeSplitting: {
    groups: [
      { name: 'signals', test: (id) => id === SIGNALS, priority: 1 },
      { name: 'agent', test: (id) => AGENT.includes(id) },
    ],
  },
  comments: false,
  // With a single character beyond Latin-1, V8 stores two bytes for each character of the file.
  charset: 'ascii',
  sourcemap: true,
});
await bundle.close();
for (const file of DATA) copyFileSync(file, join(directory, basename(file)));

const chunks = output.filter((each) => each.type === 'chunk');
const missing = chunks
  .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
  .filter((name) => !isBuiltin(name) && !chunks.some(({ fileName }) => fileName === name));
if (missing.length > 0) throw new Error(`not in the bundle: ${missing.join(', ')}`);
writeFileSync(join(directory, 'NOTICES.txt'), renderNotices(packagesOf(chunks.flatMap(({ moduleIds }) => moduleIds))));

function inSource(file: string): string {
  return join(process.cwd(), 'src', file);
}

/** exporters/otlp_grpc/exporter.ts is exporters-otlp_grpc-exporter. */
function pathName(module: string): string {
  return relative(inSource('.'), module).replace(/\.ts$/, '').replaceAll('/', '-');
}
