import { readFileSync } from 'node:fs';
import type { NativeError } from '../probe.ts';

const LOCKDOWN = '/sys/kernel/security/lockdown';
/**
 * The verifier's message if helpers that copy kernel memory are denied. Under `confidentiality` they don't exist (bpf_tracing_func_proto(),
 * LOCKDOWN_BPF_READ_KERNEL). libbpf mistakes that for a kernel before 5.5 and uses the older name.
 */
const REFUSED_HELPER = /(?:unknown func|cannot use helper) bpf_probe_read/;

export type LockdownLevel = 'none' | 'integrity' | 'confidentiality';

/** The level of kernel_lockdown(7); undefined if this kernel has none, or securityfs can't be read (as in most containers). */
export function lockdownLevel(file = LOCKDOWN): LockdownLevel | undefined {
  try {
    // "none [integrity] confidentiality"
    return /\[(none|integrity|confidentiality)\]/.exec(readFileSync(file, 'utf8'))?.[1] as LockdownLevel | undefined;
  } catch {
    return undefined;
  }
}

/** Whether a program was rejected because it copies kernel memory with a helper. */
export function isRefusedToRead({ details }: NativeError): boolean {
  return REFUSED_HELPER.test(details);
}
