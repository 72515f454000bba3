import type { KernelLine } from './kernel_line.ts';
import type { Rungs } from './rungs.ts';

/** What a scenario is looked at through: the kernel, and how the agent is made to count on it. */
export interface View {
  readonly line: KernelLine;
  readonly rungs: Rungs;
  /** Whether the kernel's reasons are left unused (`drop_reasons: function`). */
  readonly byFunction: boolean;
}
