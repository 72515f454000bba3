import { existsSync } from 'node:fs';
import { lockdownLevel } from './lockdown.ts';

/** Facts about the running kernel from /sys. Tests pass their own. */
export interface KernelView {
  /** Whether the module exists: loaded, or built in with its own parameters. */
  hasModule(name: string): boolean;
  /** Whether kprobes can be opened as perf events (4.17, CONFIG_KPROBE_EVENTS). */
  readonly hasKprobes: boolean;
  /** Whether it is locked down with lockdown=confidentiality. */
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
