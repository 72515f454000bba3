#!/usr/bin/env node
import { Signals } from './cli/signals.ts';

/** The oldest supported Node.js. With an older one, the command runs on the Node.js from the npm package. */
const LEAST_NODE = 24;
/** What remains of the 5 s within which an agent must end. */
const RUN_FLUSH_MILLIS = 250;
/** Set in the environment of that Node.js. It sends a message once it handles signals. */
const HANDED_OVER = 'DROPREASON_HANDED_OVER';

// Before everything else; see Signals. Other commands end at a signal as usual.
const isAgent = process.argv[2] === 'run';
const signals = isAgent ? new Signals() : undefined;
// The agent must not end because a reader of its output went away or the disk is full.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

if (Number.parseInt(process.versions.node, 10) >= LEAST_NODE) {
  // Beside the bundle: who may write there may change the bundle too. Where this user can't, everything is compiled at each start. Run from
  // src/ it leaves nothing in the source tree.
  if (import.meta.filename.endsWith('.js')) {
    const { enableCompileCache } = process.getBuiltinModule('node:module');
    enableCompileCache(`${import.meta.dirname}/.cache`);
  }
  if (process.env[HANDED_OVER] !== undefined) {
    delete process.env[HANDED_OVER];
    process.send?.('ready', () => process.disconnect());
  }
  // Until the agent handles signals itself, nothing is attached and no configuration is loaded, so there is nothing to clean up.
  signals?.listen((signal) => {
    if (signal !== 'SIGHUP') process.exit(0);
  });
  const { cli } = await import('./cli/cli.ts');
  const { Output } = await import('./cli/output.ts');
  const [stdout, stderr] = [new Output(process.stdout), new Output(process.stderr)];
  const argv = process.argv.slice(2);
  const code = await cli(argv, { stdout: stdout.write, stderr: stderr.write }, signals);
  // A pager may read slowly. The agent has flushed its data before, and doesn't wait for readers when it ends.
  await Promise.all([stdout, stderr].map((output) => output.flush(isAgent ? RUN_FLUSH_MILLIS : undefined)));
  if (!isAgent && stdout.lost !== undefined) stderr.write(`dropreason: can't write the output: ${stdout.lost.message}\n`);
  // A peer that hangs must not keep the process alive.
  process.exit(!isAgent && stdout.lost !== undefined ? 1 : code);
} else {
  const { handOver } = await import('./cli/hand_over.ts');
  // One folder up, in src/ and in the bundle.
  const code = await handOver(new URL('..', import.meta.url), signals ?? new Signals(), HANDED_OVER);
  if (code === undefined) {
    process.stderr.write(
      `dropreason needs Node.js ${LEAST_NODE} or later, this is ${process.version}: run "npm run setup" first\n`,
    );
  }
  process.exit(code ?? 1);
}
