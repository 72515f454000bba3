import { removeAllTestbeds } from '../../kernel/testbed.ts';
import { Checks } from '../../support/checks.ts';

/*
 * As root, in a guest: node test/vm/stress/main.ts [interleaving] [all-at-once] [flows]
 * prints a line for each check and the counts. It ends with 1 if a check failed.
 */
const PARTS: Readonly<Record<string, () => Promise<(checks: Checks) => Promise<void>>>> = {
  interleaving: async () => (await import('./interleaving.ts')).interleaving,
  flows: async () => (await import('./flows.ts')).flows,
  'all-at-once': async () => (await import('./all_at_once.ts')).allAtOnce,
};

const checks = new Checks();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeAllTestbeds();
    process.exit(130);
  });
}
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
  const part = PARTS[name];
  if (part === undefined) {
    console.error(`no part "${name}": ${Object.keys(PARTS).join(', ')}`);
    process.exit(2);
  }
  try {
    await (await part())(checks);
  } catch (error) {
    checks.check(false, name, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
removeAllTestbeds();
process.exitCode = checks.close();
