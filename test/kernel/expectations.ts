import { release } from 'node:os';
import type { Direction, Scenario } from './scenario.ts';
import type { Family } from './testbed.ts';

/** Kernels that differ: those of docs/kernels.md, each standing for the ones up to the next. */
export type KernelLine = '5.10' | '6.1' | '6.12' | '6.12-rt' | '6.18';

/** What a kernel makes of a scenario. */
export interface Expectation {
  readonly reason: string;
  readonly direction: Direction;
  /** Why it isn't what the newest kernel says: the kernel's function, and the release that changed it. Empty where it is. */
  readonly why: string;
}

interface Difference extends Partial<Expectation> {
  readonly why: string;
  /** Both, where it isn't given. */
  readonly family?: Family;
}

/** By kernel and by scenario; what isn't here is as the scenario itself says. */
const DIFFERENCES: Readonly<Partial<Record<KernelLine, Readonly<Record<string, Difference | readonly Difference[]>>>>> = {};

/** The line that a release such as `6.12.117+deb12-rt-amd64` belongs to: the newest that isn't newer than it. */
export function kernelLine(of = release()): KernelLine {
  const [major = 0, minor = 0] = of.split('.').map(Number.parseFloat);
  const atLeast = (a: number, b: number) => major > a || (major === a && minor >= b);
  if (atLeast(6, 18)) return '6.18';
  if (atLeast(6, 12)) return /[+-]rt|rt\d*-/.test(of) ? '6.12-rt' : '6.12';
  return atLeast(6, 1) ? '6.1' : '5.10';
}

/** What `line` is to say of that scenario. */
export function expected(scenario: Scenario, family: Family, line: KernelLine): Expectation {
  const difference = [DIFFERENCES[line]?.[scenario.name] ?? []].flat().find((one) => (one.family ?? family) === family);
  return { reason: scenario.reason, direction: scenario.direction, why: '', ...difference };
}
