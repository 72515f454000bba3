import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a BPF file system of a test's own; where. */
export function mountBpf(): string {
  const mounted = mkdtempSync(join(tmpdir(), 'dropreason-bpf-'));
  execFileSync('mount', ['-t', 'bpf', 'bpf', mounted]);
  return mounted;
}

/** Nothing may be pinned there any more but what is to go with it. */
export function unmountBpf(mounted: string): void {
  execFileSync('umount', [mounted]);
  rmSync(mounted, { recursive: true });
}
