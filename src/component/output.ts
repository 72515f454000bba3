import { fstatSync } from 'node:fs';
import { DescriptorOutput } from './file_output.ts';
import { StreamOutput } from './stream_output.ts';

/**
 * Where lines go that nobody may have to wait for: the log, and what `debug` prints. A disk that is full, or a reader that
 * is slow or has gone away, costs lines; it never ends the agent, blocks it or fills its memory.
 */
export interface Output {
  /**
   * Writes whole lines, and never throws. `done` is called once, before it returns or later: with an error where the lines
   * or a part of them are lost. The next call tries again.
   */
  write(lines: string, done: (error: Error | undefined) => void): void;
}

/** Standard output or standard error, whatever the process was given for it. */
export function standardOutput(name: 'stdout' | 'stderr'): Output {
  const stream = process[name];
  // Node writes to a file as this does, but takes for written what a full disk has cut off.
  if (isFile(name === 'stdout' ? 1 : 2) && !stream.isTTY) return new DescriptorOutput(name === 'stdout' ? 1 : 2);
  return new StreamOutput(stream);
}

function isFile(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}
