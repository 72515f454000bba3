import type { KernelLine } from './kernel_line.ts';
import type { Rungs } from './rungs.ts';

/** The conditions for a scenario: the kernel, and how the agent counts on it. */
export interface View {
  readonly line: KernelLine;
  readonly rungs: Rungs;
  /** Whether the kernel's reasons are not used (`drop_reasons: function`). */
  readonly byFunction: boolean;
}
