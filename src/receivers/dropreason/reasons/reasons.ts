import type { KernelReason } from '../probe.ts';
import { CLASS_BESIDE_REASONS, CLASS_OF_FUNCTION, REASON_OF_FUNCTION } from './known_functions.ts';
import { CLASS_OF_REASON, DIRECTIONS_OF_REASON } from './known_reasons.ts';
import type { Direction, ReasonClass } from './reason_class.ts';

export const CONNECT_REASON = 'TCP_CONNECT_BASIC';
export const ACCEPT_REASON = 'TCP_ACCEPT_BASIC';
/** Drops to which the kernel gives no reason. */
export const UNKNOWN_REASON = 'UNKNOWN_DROP';

const PREFIX = 'SKB_DROP_REASON_';

/** Kernel names that users know by another name, from Microsoft Retina's plugin. */
const PUBLISHED_NAMES: Readonly<Record<string, string>> = {
  SKB_DROP_REASON_NETFILTER_DROP: 'IPTABLE_RULE_DROP',
  SKB_DROP_REASON_TCP_CLOSE: 'TCP_CLOSE_BASIC',
  SKB_DROP_REASON_NOT_SPECIFIED: UNKNOWN_REASON,
};

/** What hooks and system calls tell. */
const NOT_THE_KERNELS = new Set(['IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', CONNECT_REASON, ACCEPT_REASON]);

/** The rows of packets that exist at 0 from the start, so that the first drop shows in PromQL's increase(). */
export const PACKET_ROWS_AT_START = [
  'IPTABLE_RULE_DROP',
  'IPTABLE_NAT_DROP',
  'CONNTRACK_ADD_DROP',
  'TCP_CLOSE_BASIC',
  UNKNOWN_REASON,
] as const;

/**
 * The class of a published reason. `freedBy` is the kernel function that freed the packet, where that is known: it decides for
 * drops to which the kernel gives no reason, and on no others. `hasReasons`: whether it gives one to other drops, so that a
 * function's drops without one are fewer.
 */
export function classOf(reason: string, freedBy = '', hasReasons = true): ReasonClass {
  return (reason === UNKNOWN_REASON && classOfFunction(freedBy, hasReasons)) || (CLASS_OF_REASON.get(reason) ?? 'unclassified');
}

function classOfFunction(name: string, hasReasons: boolean): ReasonClass | undefined {
  return (hasReasons ? CLASS_BESIDE_REASONS.get(name) : undefined) ?? CLASS_OF_FUNCTION.get(name);
}

/** Every kernel function whose frees say something. */
export function functionsThatTell(): readonly string[] {
  return [...REASON_OF_FUNCTION.keys(), ...CLASS_OF_FUNCTION.keys(), ...CLASS_BESIDE_REASONS.keys()];
}

/** Whether this release knows what a published name means; one that it doesn't is a newer kernel's. */
export function isKnown(reason: string): boolean {
  return CLASS_OF_REASON.has(reason);
}

/** Where drops for this reason, of class `capacity` or `error`, can be expected: most packets are examined as they come in. */
export function directionsOf(reason: string): readonly Direction[] {
  return DIRECTIONS_OF_REASON.get(reason) ?? ['ingress'];
}

/** The kernel's names of a published reason, other than that itself: the whole one, and the one without its prefix. */
export function kernelNames(reason: string): readonly string[] {
  if (NOT_THE_KERNELS.has(reason) || /^_*(?:RX|OVS)_DROP_/.test(reason)) return [];
  const renamed = Object.keys(PUBLISHED_NAMES).find((name) => PUBLISHED_NAMES[name] === reason);
  return renamed === undefined ? [`${PREFIX}${reason}`] : [renamed, renamed.slice(PREFIX.length)];
}

/** The reasons of the running kernel: their published names by number, and what their names say about direction. */
export class Reasons {
  /** Numbers below this have rows of their own. */
  readonly listed: number;
  /** The number of "not specified"; 0 on a kernel without reasons. */
  readonly unspecified: number;
  /** How many reasons the kernel knows. */
  readonly known: number;
  readonly #names = new Map<number, string>();

  constructor(kernel: readonly KernelReason[], maxListed: number) {
    let highest = 0;
    let unspecified = 0;
    for (const { name, value } of kernel) {
      if (isSentinel(name)) continue;
      // mac80211 has two enums of the same numbers, one of them with underscores before each name.
      if (!name.startsWith('__') || !this.#names.has(value)) this.#names.set(value, publishedName(name));
      if (value < 0x1_0000) highest = Math.max(highest, value);
      if (name === `${PREFIX}NOT_SPECIFIED`) unspecified = value;
    }
    this.listed = Math.min(highest + 1, maxListed);
    this.unspecified = unspecified;
    this.known = this.#names.size;
    // A kernel without reasons has one row, for all that no function explains.
    if (kernel.length === 0) this.#names.set(0, UNKNOWN_REASON);
  }

  /** The published names of all that the kernel has. */
  get names(): Iterable<string> {
    return this.#names.values();
  }

  /** The published name; the number where the kernel has no name for it. */
  name(value: number): string {
    return this.#names.get(value) ?? String(value);
  }

  /**
   * One byte for each listed reason: what its name says where a packet that was never received, and has no route, tells
   * nothing. A queueing discipline, tc's egress hook and netfilter send then, for it hooks into reception later; the backlog of
   * a CPU receives.
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

/** Enumerators that are no reasons: beginnings and ends of enums, the mask of subsystems, and packets that aren't dropped. */
function isSentinel(name: string): boolean {
  return /^(?:SKB_(?:NOT_DROPPED_YET|CONSUMED|DROP_REASON_(?:MAX|SUBSYS_MASK))|__OVS_DROP_REASON|OVS_DROP_MAX)$/.test(name);
}

function publishedName(name: string): string {
  return PUBLISHED_NAMES[name] ?? (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
}
