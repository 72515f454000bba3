#!/usr/bin/env node
import { Signals } from './cli/signals.ts';

/** The least Node.js that the dependencies run on; an older one hands over to the one that comes as a package. */
const LEAST_NODE = 24;
/** The rest of the 5 s in which an agent ends. */
const RUN_FLUSH_MILLIS = 250;
/** Set for the Node.js that is handed over to: it says by a message that signals reach it. */
const HANDED_OVER = 'DROPREASON_HANDED_OVER';

// Before all else: see Signals. Other commands end by a signal, as any does.
const isAgent = process.argv[2] === 'run';
const signals = isAgent ? new Signals() : undefined;
// A reader of our output that goes away, or a full disk behind it, must not end the agent.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

if (Number.parseInt(process.versions.node, 10) >= LEAST_NODE) {
  if (process.env[HANDED_OVER] !== undefined) {
    delete process.env[HANDED_OVER];
    process.send?.('ready', () => process.disconnect());
  }
  // Until the agent listens itself nothing is attached, so there is nothing to end in order, and no configuration to read again.
  signals?.listen((signal) => {
    if (signal !== 'SIGHUP') process.exit(0);
  });
  const { cli } = await import('./cli/cli.ts');
  const { Output } = await import('./cli/output.ts');
  const [stdout, stderr] = [new Output(process.stdout), new Output(process.stderr)];
  const argv = process.argv.slice(2);
  const code = await cli(argv, { stdout: stdout.write, stderr: stderr.write }, signals);
  // A pager may take its time. What an agent has to flush has been, and its end waits for no reader.
  await Promise.all([stdout, stderr].map((output) => output.flush(isAgent ? RUN_FLUSH_MILLIS : undefined)));
  if (!isAgent && stdout.lost !== undefined) stderr.write(`dropreason: can't write the output: ${stdout.lost.message}\n`);
  // A peer that hangs must not hold the process.
  process.exit(!isAgent && stdout.lost !== undefined ? 1 : code);
} else {
  const { handOver } = await import('./cli/hand_over.ts');
  // One folder up from here in src/ and in the bundle alike.
  const code = await handOver(new URL('..', import.meta.url), signals ?? new Signals(), HANDED_OVER);
  if (code === undefined) {
    process.stderr.write(
      `dropreason needs Node.js ${LEAST_NODE} or later, this is ${process.version}: run "npm run setup" first\n`,
    );
  }
  process.exit(code ?? 1);
}
