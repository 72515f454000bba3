import { execFile } from 'node:child_process';

/** A command that ended with another status than 0; the message has what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs `file` with `args`, gives it `input`, and returns what it printed. Under emulation a command takes tens of times as
 * long as on the machine itself: only one that hangs is ended, after two minutes.
 */
export function command(file: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: 120_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CommandError(`${[file, ...args].join(' ')}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on('error', () => {}); // it ended without reading: its status says why
    child.stdin?.end(input);
  });
}
