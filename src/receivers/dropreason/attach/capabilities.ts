import { readFileSync } from 'node:fs';
import { ComponentError } from '../../../component/errors.ts';
import { isNativeError, native, type User } from '../probe.ts';
import { functionsThatTell } from '../reasons/reasons.ts';
import type { Session } from '../session.ts';

/** Numbers of include/uapi/linux/capability.h, of those that matter here. */
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

/** Those that matter here, in effect for this process; capabilities(7). */
export function heldCapabilities(): ReadonlySet<CapabilityName> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const names = Object.keys(NUMBERS) as CapabilityName[];
  return new Set(names.filter((name) => (mask >> BigInt(NUMBERS[name])) & 1n));
}

/** Whether they are enough to load and attach: CAP_SYS_ADMIN was what it took before Linux 5.8. */
export function mayLoad(held: ReadonlySet<CapabilityName>): boolean {
  return held.has('CAP_SYS_ADMIN') || (held.has('CAP_BPF') && held.has('CAP_PERFMON'));
}

/** Of the process, not of a receiver: once they are gone, no receiver of it can load anything. */
let dropped = false;

/** Throws a ComponentError where a receiver would have to load programs after the capabilities were given up. */
export function refuseWithoutCapabilities(): void {
  if (!dropped) return;
  throw new ComponentError(
    'a receiver that is new or configured otherwise has to load programs, and this process gave up its capabilities ' +
      '(capabilities: drop): start dropreason again',
  );
}

/** The sessions of all receivers that run, and whether each has to name any function. */
const running = new Map<Session, { readonly namesEveryFunction: boolean }>();

/** Called by a receiver that has begun, so that whoever gives up the capabilities leaves it what it needs. */
export function enter(session: Session, needs: { readonly namesEveryFunction: boolean }): void {
  running.set(session, needs);
}

export function leave(session: Session): void {
  running.delete(session);
}

/**
 * The user to change to, if that is another one than now; undefined where it isn't. Throws a NativeError where there is none of that name,
 * a ComponentError where this process may not change.
 */
export function userToBecome(text: string | undefined): User | undefined {
  if (text === undefined) return undefined;
  const user = native().findUser(text);
  if (isCurrent(user)) return undefined;
  const held = heldCapabilities();
  const missing = (['CAP_SETUID', 'CAP_SETGID'] as const).filter((each) => !held.has(each));
  if (missing.length === 0) return user;
  throw new ComponentError(
    `user: to change to ${text} takes ${missing.join(' and ')}: run as root, give the process what is missing, or leave "user" out and ` +
      'run as that user',
  );
}

/** Groups may or may not have the primary one among them. */
function isCurrent({ uid, gid, groups }: User): boolean {
  const others = (all: readonly number[]) => [...new Set(all)].filter((each) => each !== gid).sort((a, b) => a - b);
  const isSame =
    process.getuid?.() === uid && process.geteuid?.() === uid && process.getgid?.() === gid && process.getegid?.() === gid;
  return isSame && String(others(process.getgroups?.() ?? [])) === String(others(groups));
}

/**
 * Gives up every capability for good, changes to `user`, and gives up what is open and not needed: maps that are only read can't be
 * written to any more, and /proc/kallsyms is closed. Then makes sure that the maps can still be read.
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
    const remedy = setting === '1' ? 'have it 0 from the next boot on (1 is for good until then)' : 'set it to 0';
    throw new ComponentError(
      'capabilities: "drop" can\'t work here, this kernel lets nobody read a map without CAP_BPF while ' +
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
