import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Resolves when the child's output contains `text`. Rejects with the whole output if the child ends first. */
export function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(text)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      reject(new Error(`${child.spawnargs.join(' ')} ended (${code ?? signal}): ${output.trim()}`)),
    );
  });
}

/** The child's output until it ends. Rejects if the child fails. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  let complaints = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')}: ${complaints.trim()}`);
  return output;
}

/** Ends the child as an operator would, and waits for its end. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
