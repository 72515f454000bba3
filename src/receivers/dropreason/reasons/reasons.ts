import type { KernelReason } from '../probe.ts';
import { CLASS_BESIDE_REASONS, CLASS_OF_FUNCTION, REASON_OF_FUNCTION } from './known_functions.ts';
import { CLASS_OF_REASON, DIRECTIONS_OF_REASON } from './known_reasons.ts';
import type { Direction, ReasonClass } from './reason_class.ts';

export const CONNECT_REASON = 'TCP_CONNECT_BASIC';
export const ACCEPT_REASON = 'TCP_ACCEPT_BASIC';
/** Drops without a reason from the kernel. */
const UNKNOWN_REASON = 'UNKNOWN_DROP';

const PREFIX = 'SKB_DROP_REASON_';

/** Kernel names that are published under another name, as in Microsoft Retina's plugin. */
const PUBLISHED_NAMES: Readonly<Record<string, string>> = {
  SKB_DROP_REASON_NETFILTER_DROP: 'IPTABLE_RULE_DROP',
  SKB_DROP_REASON_TCP_CLOSE: 'TCP_CLOSE_BASIC',
  SKB_DROP_REASON_NOT_SPECIFIED: UNKNOWN_REASON,
};

/** Reasons that come from hooks and system calls. */
const NOT_THE_KERNELS = new Set(['IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', CONNECT_REASON, ACCEPT_REASON]);

/** The packet rows that exist at 0 from the start, so that PromQL's increase() shows the first drop. */
export const PACKET_ROWS_AT_START = [
  'IPTABLE_RULE_DROP',
  'IPTABLE_NAT_DROP',
  'CONNTRACK_ADD_DROP',
  'TCP_CLOSE_BASIC',
  UNKNOWN_REASON,
] as const;

/**
 * The class of a published reason. `freedBy` is the kernel function that freed the packet, if known. It determines the class of drops
 * without a reason, and of no others. `hasReasons` says whether the kernel gives reasons to other drops: fewer of a function's drops
 * are then without one.
 */
export function classOf(reason: string, freedBy = '', hasReasons = true): ReasonClass {
  return (reason === UNKNOWN_REASON && classOfFunction(freedBy, hasReasons)) || (CLASS_OF_REASON.get(reason) ?? 'unclassified');
}

function classOfFunction(name: string, hasReasons: boolean): ReasonClass | undefined {
  return (hasReasons ? CLASS_BESIDE_REASONS.get(name) : undefined) ?? CLASS_OF_FUNCTION.get(name);
}

/** All kernel functions that determine a reason or a class. */
export function functionsThatTell(): readonly string[] {
  return [...REASON_OF_FUNCTION.keys(), ...CLASS_OF_FUNCTION.keys(), ...CLASS_BESIDE_REASONS.keys()];
}

/** Whether this release knows the published name. Newer kernels may have others. */
export function isKnown(reason: string): boolean {
  return CLASS_OF_REASON.has(reason);
}

/** The expected directions of a reason of class `capacity` or `error`. Most reasons occur only on ingress. */
export function directionsOf(reason: string): readonly Direction[] {
  return DIRECTIONS_OF_REASON.get(reason) ?? ['ingress'];
}

/** The kernel's names of a published reason that differ from it: the full name, and the one without its prefix. */
export function kernelNames(reason: string): readonly string[] {
  if (NOT_THE_KERNELS.has(reason) || /^_*(?:RX|OVS)_DROP_/.test(reason)) return [];
  const renamed = Object.keys(PUBLISHED_NAMES).find((name) => PUBLISHED_NAMES[name] === reason);
  return renamed === undefined ? [`${PREFIX}${reason}`] : [renamed, renamed.slice(PREFIX.length)];
}

/** The reasons of the running kernel: published names by number, and the directions that names imply. */
export class Reasons {
  /** Numbers below this have rows of their own. */
  readonly listed: number;
  /** The number of "not specified"; 0 on a kernel without reasons. */
  readonly unspecified: number;
  /** The number of reasons that the kernel has. */
  readonly known: number;
  readonly #names = new Map<number, string>();

  constructor(kernel: readonly KernelReason[], maxListed: number) {
    let highest = 0;
    let unspecified = 0;
    for (const { name, value } of kernel) {
      if (isSentinel(name)) continue;
      // mac80211 has two enums with the same numbers; the names in one of them start with underscores.
      if (!name.startsWith('__') || !this.#names.has(value)) this.#names.set(value, publishedName(name));
      if (value < 0x1_0000) highest = Math.max(highest, value);
      if (name === `${PREFIX}NOT_SPECIFIED`) unspecified = value;
    }
    this.listed = Math.min(highest + 1, maxListed);
    this.unspecified = unspecified;
    this.known = this.#names.size;
    // A kernel without reasons has one row, for all drops that no function explains.
    if (kernel.length === 0) this.#names.set(0, UNKNOWN_REASON);
  }

  /** The published names of all reasons of the kernel. */
  get names(): Iterable<string> {
    return this.#names.values();
  }

  /** The published name; the number if the kernel has no name for it. */
  name(value: number): string {
    return this.#names.get(value) ?? String(value);
  }

  /**
   * One byte per listed reason: the direction that its name implies. Used for packets that were never received and have no route. Queueing
   * disciplines and tc's egress hook send. Netfilter sends too, because it hooks into reception later. The backlog of a CPU
   * receives.
   */
  hints({ ingress, egress }: { readonly ingress: number; readonly egress: number }): Uint8Array {
    const hints = new Uint8Array(256);
    for (const [value, name] of this.#names) {
      if (value >= hints.length) continue;
      if (name === 'CPU_BACKLOG') hints[value] = ingress;
      else if (name === 'TC_EGRESS' || name === 'IPTABLE_RULE_DROP' || /^(?:QDISC|FQ|CAKE|DUALPI2)_/.test(name))
        hints[value] = egress;
    }
    return hints;
  }
}

/** Enumerators that aren't reasons: first and last values of enums, the mask of subsystems, and packets that aren't dropped. */
function isSentinel(name: string): boolean {
  return /^(?:SKB_(?:NOT_DROPPED_YET|CONSUMED|DROP_REASON_(?:MAX|SUBSYS_MASK))|__OVS_DROP_REASON|OVS_DROP_MAX)$/.test(name);
}

function publishedName(name: string): string {
  return PUBLISHED_NAMES[name] ?? (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
}
