import { ComponentError } from '../../component/errors.ts';
import { type CapabilityName, heldCapabilities, mayLoad } from './attach/capabilities.ts';
import { isRefusedToRead } from './attach/lockdown.ts';
import type { DropreasonConfig } from './config.ts';
import { isNativeError, type NativeError } from './probe.ts';

const MEMLOCK =
  'before Linux 5.11 maps and programs are charged to the memlock limit: raise it (ulimit -l unlimited, or ' +
  'LimitMEMLOCK=infinity in a systemd unit), or give the process CAP_SYS_RESOURCE so that it can raise it';

const LOCKED_DOWN =
  'the kernel is locked down (lockdown=confidentiality), so BPF programs must not copy kernel memory with a helper, and before ' +
  'Linux 6.2 drops cannot be counted without it: use a newer kernel, or boot with lockdown=integrity';

/** Explains why counting can't start and what to do. libbpf's messages are appended if there are any. */
export function explainStartError(
  error: unknown,
  { pin_path: path }: Pick<DropreasonConfig, 'pin_path'>,
  held: ReadonlySet<CapabilityName> = heldCapabilities(),
): Error {
  if (!isNativeError(error)) return error instanceof Error ? error : new Error(String(error));
  if (isRefusedToRead(error)) return new ComponentError(LOCKED_DOWN);
  const words = error.details === '' ? '' : `\n${error.details.trimEnd()}`;
  return new ComponentError(`${sentence(error, path, held)}${words}`);
}

function sentence(error: NativeError, path: string, held: ReadonlySet<CapabilityName>): string {
  const { message, errno, code } = error;
  if (code === 'ERR_LOCKED') {
    return `pin_path: ${path} is in use by another agent, or another receiver of this one; use a separate directory for each`;
  }
  if (code === 'ERR_PIN') {
    // Without an errno it is our own check, which says what to do.
    if (errno === '') return `pin_path: ${message}`;
    return (
      `pin_path: ${message}: ${path} must be in a BPF file system (mount -t bpf bpf /sys/fs/bpf) and writable for this user; ` +
      'root can prepare it: mkdir and chown'
    );
  }
  if (code === 'ERR_USER') return `user: ${message}`;
  if (code === 'ERR_BTF') return `${message}: a kernel with BTF is required (Linux 5.8 or later)`;
  // The kernel also returns EPERM if the memlock limit is the cause.
  if (errno === 'ENOMEM') return `${message}: not enough memory for the maps; ${MEMLOCK}`;
  if (errno !== 'EPERM') return message;
  if (mayLoad(held) && !held.has('CAP_SYS_RESOURCE'))
    return `${message} (EPERM) although CAP_BPF and CAP_PERFMON are held; ${MEMLOCK}`;
  return (
    'the kernel refused to load BPF programs (EPERM): run as root (sudo npm start), or give the process CAP_BPF and ' +
    'CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)'
  );
}
