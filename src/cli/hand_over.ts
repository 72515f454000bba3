import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Signals } from './signals.ts';

/**
 * Runs this command on the Node.js from the npm package. Signals are forwarded to it after it has sent a message.
 *
 * @param root the directory that has node_modules
 * @param variable is set in the environment of that Node.js
 * @returns its exit code, or undefined if there is no such Node.js
 */
export async function handOver(root: URL, signals: Signals, variable: string): Promise<number | undefined> {
  const node = fileURLToPath(new URL(`node_modules/node-linux-${process.arch}/bin/node`, root));
  if (!existsSync(node)) return undefined;
  const child = spawn(node, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [variable]: '1' },
  });
  child.once('message', () => signals.listen((signal) => child.kill(signal)));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
