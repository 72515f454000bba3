import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';

/** As scripts/build.sh calls the architecture for clang, and as Debian names its directory. */
const NAMES = { x64: ['x86', 'x86_64'], arm64: ['arm64', 'aarch64'] } as const;

/** What `use` makes of the BPF object that clang compiles from `source`, gone afterwards. */
export function withCompiled<T>(source: string, use: (object: string) => T): T {
  const [target, machine] = NAMES[arch() === 'arm64' ? 'arm64' : 'x64'];
  const directory = mkdtempSync(join(tmpdir(), 'dropreason-bpf-'));
  const object = join(directory, 'object.bpf.o');
  const flags = ['-g', '-O2', '-target', 'bpf', '-mcpu=v3', `-D__TARGET_ARCH_${target}`, `-I/usr/include/${machine}-linux-gnu`];
  try {
    execFileSync('clang', [...flags, '-x', 'c', '-c', '-', '-o', object], { input: source, stdio: 'pipe' });
    return use(object);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
