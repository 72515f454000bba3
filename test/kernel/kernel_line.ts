import { release } from 'node:os';

/** Kernels that differ: those of docs/kernels.md. Each represents the releases up to the next one. */
export type KernelLine = '5.10' | '6.1' | '6.12' | '6.12-rt' | '6.18';

/** The line of a release such as `6.12.117+deb12-rt-amd64`: the newest line that isn't newer than the release. */
export function kernelLine(of = release()): KernelLine {
  const [major = 0, minor = 0] = of.split('.').map(Number.parseFloat);
  const atLeast = (a: number, b: number) => major > a || (major === a && minor >= b);
  if (atLeast(6, 18)) return '6.18';
  if (atLeast(6, 12)) return /[+-]rt|rt\d*-/.test(of) ? '6.12-rt' : '6.12';
  return atLeast(6, 1) ? '6.1' : '5.10';
}
