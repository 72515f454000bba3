import type { ReasonClass } from '../../src/receivers/dropreason/reasons/reason_class.ts';
import type { Counter } from './counters.ts';
import type { Hook } from './rungs.ts';
import type { Family, Role, Shape, Testbed } from './testbed.ts';
import type { View } from './view.ts';

export type Direction = 'ingress' | 'egress' | 'forward' | 'unknown';

/** Drops of another reason that a scenario causes beside its own, and that have to be counted as exactly. */
export interface Also {
  readonly reason: string;
  readonly direction: Direction;
  readonly drops: number;
  readonly bytes: number;
}

/** What a scenario has caused, to the packet and to the byte. */
export interface Caused {
  readonly drops: number;
  /** From the network header on; undefined for calls, which have none. */
  readonly bytes: number | undefined;
  /** How many of the calls failed with which errno, where it isn't all of them with one; in sum `drops`. */
  readonly errors?: Readonly<Record<string, number>>;
  /** Of these, those that the call's own return reports alone, so that the rung `state` misses them. */
  readonly onlyReturned?: Readonly<Record<string, number>>;
  readonly also?: readonly Also[];
  /** What has to be in loss slots; every slot that isn't named has to stay 0. `any`: whatever number. */
  readonly losses?: Readonly<Record<string, number | 'any'>>;
}

/** A rule, a queue or a program that a scenario puts in place: shell scripts, run in the namespace of a role. */
export interface Step {
  readonly at: Role;
  readonly run: string;
  /** Takes it away again; without it, the namespaces are of no use to other scenarios and are removed. */
  readonly undo?: string;
}

/**
 * What several scenarios stand on, such as the devices that lie on the cable: put in place once, it stays for those that come next and
 * name the same one. It goes with the namespaces, for which it needs no undoing.
 */
export interface Ground {
  readonly name: string;
  steps(bed: Testbed): readonly Omit<Step, 'undo'>[];
}

/** One way to have the kernel drop packets, or to have calls fail, with somebody else who counts them too. */
export interface Scenario {
  /** `family of scenarios/what is dropped where`; unique. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly shape: Shape;
  /** Commands that have to be on PATH; a scenario without them is skipped and says so. */
  readonly tools?: readonly string[];
  /** Why it can't be caused, or be counted, here, such as for want of the hook it needs; undefined where it can. */
  whyNot?(view: View): string | undefined;
  /** The hook of ours that it takes to count it as it is, or that might mistake it: it is run again on each lower rung. */
  readonly hook?: Hook;
  /**
   * nftables frees the packet within the chain since 6.7 (e0d4593140b0; 6.1 has it too, in its stable releases), so that the
   * call chain tells which one it was; what returns NF_DROP is freed when that call chain is gone.
   */
  readonly freedInChain?: true;
  /** The namespace in which it happens. */
  readonly at: Role;
  /** Reason and direction on the newest kernel; expectations.ts has what others say. */
  readonly reason: string;
  readonly direction: Direction;
  /** The direction where the kernel's reasons are left unused, if it is another: docs/metrics.md says why nothing else tells. */
  readonly directionByFunction?: Direction;
  /** The class, where it isn't the reason's own but that of the function that freed the packet. */
  readonly class?: ReasonClass;
  /** The families in which that function frees for this class alone, so that it tells where the kernel's reasons are unused too. */
  readonly classByFunction?: readonly Family[];
  /** The network.type of what is dropped, where it isn't the family that the scenario runs for. */
  readonly network?: 'other';
  /** The errno's name, where the reason is one of the calls. */
  readonly error?: string;
  /** Reasons that may be counted in these namespaces besides, because the scenario can't do without. */
  readonly beside?: readonly string[];
  /**
   * Its packets have lists of members that are freed after them, without a device: counted as drops of their own they would
   * stand in no namespace, so what stands there counts against it.
   */
  readonly hasMembers?: true;
  /** The packet has no device, route or socket any more: only the tracepoint's socket argument (6.11) tells where it was. */
  readonly namespaceMayBeLost?: true;
  /** The kernel loses it past the tracepoint, so that nothing is counted, though its own counter rises: docs/metrics.md lists it. */
  readonly uncounted?: true;
  /** So many packets that an interrupt may bring some while our program counts one: drops and slot `nested` are the sum. */
  readonly mayInterruptItself?: true;
  /**
   * Between whom the packets go that are dropped for the reason, as `source > destination`, where that isn't from the bed's source to its
   * target alone; what has no address has none.
   */
  addresses?(bed: Testbed): readonly string[];
  readonly ground?: Ground;
  /** What has to be in place before it is measured, upon the ground. */
  setup?(bed: Testbed): readonly Step[];
  /** The kernel's own count of the same, or the caller's. */
  counter(bed: Testbed): Counter;
  cause(bed: Testbed): Promise<Caused>;
}
