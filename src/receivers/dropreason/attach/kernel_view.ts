import { existsSync } from 'node:fs';
import { lockdownLevel } from './lockdown.ts';

/** What /sys tells of the running kernel; tests give their own. */
export interface KernelView {
  /** Whether a module is there: loaded, or built in with parameters of its own. */
  hasModule(name: string): boolean;
  /** Whether kprobes can be opened as perf events (4.17, CONFIG_KPROBE_EVENTS). */
  readonly hasKprobes: boolean;
  /** Whether it is locked down to keep its memory confidential. */
  readonly isConfidential: boolean;
}

export const RUNNING_KERNEL: KernelView = {
  hasModule: (name) => existsSync(`/sys/module/${name}`),
  get hasKprobes() {
    return existsSync('/sys/bus/event_source/devices/kprobe');
  },
  get isConfidential() {
    return lockdownLevel() === 'confidentiality';
  },
};
