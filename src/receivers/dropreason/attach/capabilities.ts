import { readFileSync } from 'node:fs';
import { ComponentError } from '../../../component/errors.ts';
import { isNativeError, native, type User } from '../probe.ts';
import { functionsThatTell } from '../reasons/reasons.ts';
import type { Session } from '../session.ts';

/** The numbers from include/uapi/linux/capability.h of the relevant capabilities. */
const NUMBERS = {
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_SYSLOG: 34,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type CapabilityName = keyof typeof NUMBERS;

const SYSCTL = '/proc/sys/kernel/unprivileged_bpf_disabled';

/** The relevant capabilities in effect for this process; capabilities(7). */
export function heldCapabilities(): ReadonlySet<CapabilityName> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const names = Object.keys(NUMBERS) as CapabilityName[];
  return new Set(names.filter((name) => (mask >> BigInt(NUMBERS[name])) & 1n));
}

/** Whether they allow loading and attaching. Before Linux 5.8 that required CAP_SYS_ADMIN. */
export function mayLoad(held: ReadonlySet<CapabilityName>): boolean {
  return held.has('CAP_SYS_ADMIN') || (held.has('CAP_BPF') && held.has('CAP_PERFMON'));
}

/** Applies to the process: once the capabilities are dropped, no receiver can load anything. */
let dropped = false;

/** Throws a ComponentError if the capabilities were dropped, because a receiver would have to load programs. */
export function refuseWithoutCapabilities(): void {
  if (!dropped) return;
  throw new ComponentError(
    'a new or reconfigured receiver has to load programs, but this process has dropped its capabilities ' +
      '(capabilities: drop): restart dropreason',
  );
}

/** The sessions of all running receivers, and whether each needs the names of all functions. */
const running = new Map<Session, { readonly namesEveryFunction: boolean }>();

/** Registers a receiver's session, so that dropping capabilities leaves it what it needs. */
export function enter(session: Session, needs: { readonly namesEveryFunction: boolean }): void {
  running.set(session, needs);
}

export function leave(session: Session): void {
  running.delete(session);
}

/**
 * The user to change to; undefined if it is the current one. Throws a NativeError if there is no such user, a ComponentError if this process
 * may not change.
 */
export function userToBecome(text: string | undefined): User | undefined {
  if (text === undefined) return undefined;
  const user = native().findUser(text);
  if (isCurrent(user)) return undefined;
  const held = heldCapabilities();
  const missing = (['CAP_SETUID', 'CAP_SETGID'] as const).filter((each) => !held.has(each));
  if (missing.length === 0) return user;
  throw new ComponentError(
    `user: changing to ${text} requires ${missing.join(' and ')}: run as root, add the missing capabilities, or remove "user" and ` +
      'run as that user',
  );
}

/** The primary group may be in the list of groups or not. */
function isCurrent({ uid, gid, groups }: User): boolean {
  const others = (all: readonly number[]) => [...new Set(all)].filter((each) => each !== gid).sort((a, b) => a - b);
  const isSame =
    process.getuid?.() === uid && process.geteuid?.() === uid && process.getgid?.() === gid && process.getegid?.() === gid;
  return isSame && String(others(process.getgroups?.() ?? [])) === String(others(groups));
}

/**
 * Permanently drops every capability, changes to `user`, and closes what is not needed: maps that are only read become read-only, and
 * /proc/kallsyms is closed. Then checks that the maps can still be read.
 */
export function giveUpCapabilities(user: User | undefined): void {
  for (const { probe } of running.keys()) probe.freeze();
  if (![...running.values()].some((needs) => needs.namesEveryFunction)) native().closeSymbols(functionsThatTell());
  native().dropCapabilities(user);
  dropped = true;
  try {
    for (const { probe, ladder } of running.keys()) {
      ladder.freeze();
      probe.entries('unlisted');
    }
  } catch (error) {
    if (!isNativeError(error) || error.errno !== 'EPERM') throw error;
    const setting = sysctl();
    const remedy = setting === '1' ? 'set it to 0 at the next boot (1 cannot be changed until then)' : 'set it to 0';
    throw new ComponentError(
      'capabilities: "drop" does not work on this kernel: it denies reading maps without CAP_BPF while ' +
        `kernel.unprivileged_bpf_disabled is ${setting}: write "capabilities: keep", or ${remedy}`,
    );
  }
}

function sysctl(): string {
  try {
    return readFileSync(SYSCTL, 'utf8').trim();
  } catch {
    return 'set';
  }
}
