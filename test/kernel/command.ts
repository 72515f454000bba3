import { execFile } from 'node:child_process';

/** A command that ended with a status other than 0. The message has its output. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs `file` with `args` and `input`, and returns its output. Under emulation a command takes tens of times as long as on the machine
 * itself. So only a command that hangs is ended, after two minutes.
 */
export function command(file: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: 120_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CommandError(`${[file, ...args].join(' ')}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on('error', () => {}); // it ended without reading; its status explains why
    child.stdin?.end(input);
  });
}
