import { fstatSync } from 'node:fs';
import { DescriptorOutput } from './file_output.ts';
import type { Output } from './output.ts';
import { StreamOutput } from './stream_output.ts';

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
