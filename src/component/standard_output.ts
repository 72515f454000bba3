import { fstatSync } from 'node:fs';
import { DescriptorOutput } from './file_output.ts';
import type { Output } from './output.ts';
import { StreamOutput } from './stream_output.ts';

/** Standard output or standard error, of any type: file, pipe, socket or terminal. */
export function standardOutput(name: 'stdout' | 'stderr'): Output {
  const stream = process[name];
  // Node also writes synchronously to a file, but treats a write that a full disk cut short as complete.
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
