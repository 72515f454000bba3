import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a BPF file system for a test; returns its path. */
export function mountBpf(): string {
  const mounted = mkdtempSync(join(tmpdir(), 'dropreason-bpf-'));
  execFileSync('mount', ['-t', 'bpf', 'bpf', mounted]);
  return mounted;
}

/** Unmounts it. Remaining pins are lost. */
export function unmountBpf(mounted: string): void {
  execFileSync('umount', [mounted]);
  rmSync(mounted, { recursive: true });
}
