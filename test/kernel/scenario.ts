import type { ReasonClass } from '../../src/receivers/dropreason/reasons/reason_class.ts';
import type { Counter } from './counters.ts';
import type { Hook } from './rungs.ts';
import type { Family, Role, Shape, Testbed } from './testbed.ts';
import type { View } from './view.ts';

export type Direction = 'ingress' | 'egress' | 'forward' | 'unknown';

/** Drops of another reason that a scenario also causes. They must be counted exactly too. */
export interface Also {
  readonly reason: string;
  readonly direction: Direction;
  readonly drops: number;
  readonly bytes: number;
}

/** The drops that a scenario has caused, exact to the packet and the byte. */
export interface Caused {
  readonly drops: number;
  /** From the network header on; undefined for calls, which have none. */
  readonly bytes: number | undefined;
  /** The number of failed calls by errno, if there are several errnos. The sum is `drops`. */
  readonly errors?: Readonly<Record<string, number>>;
  /** Those of them that only the return of the call reports, so the rung `state` misses them. */
  readonly onlyReturned?: Readonly<Record<string, number>>;
  readonly also?: readonly Also[];
  /** The expected loss slots. All other slots must stay 0. `any`: any number. */
  readonly losses?: Readonly<Record<string, number | 'any'>>;
}

/** A rule, a queue or a program that a scenario sets up: shell scripts, run in the namespace of a role. */
export interface Step {
  readonly at: Role;
  readonly run: string;
  /** Removes it again. Without it, other scenarios can't use the namespaces, and they are removed. */
  readonly undo?: string;
}

/**
 * A setup shared by several scenarios, such as devices on top of the cable. It is created once, and stays for the following scenarios that
 * name the same ground. It is removed with the namespaces, so it needs no undo.
 */
export interface Ground {
  readonly name: string;
  steps(bed: Testbed): readonly Omit<Step, 'undo'>[];
}

/** One way to make the kernel drop packets, or to make calls fail, with an independent counter. */
export interface Scenario {
  /** `family of scenarios/what is dropped where`; unique. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly shape: Shape;
  /** Commands that must be on PATH. Without them the scenario is skipped, with a message. */
  readonly tools?: readonly string[];
  /** Why it can't be caused or counted here, such as a missing hook; undefined if it can. */
  whyNot?(view: View): string | undefined;
  /** The hook that is needed to count it correctly, or that might misinterpret it. The scenario is repeated on each lower rung. */
  readonly hook?: Hook;
  /**
   * nftables frees the packet within the chain since 6.7 (e0d4593140b0; 6.1 has it too, in its stable releases), so the call chain
   * identifies the chain. A packet whose verdict is NF_DROP is freed later, when that call chain has ended.
   */
  readonly freedInChain?: true;
  /** The namespace in which it happens. */
  readonly at: Role;
  /** Reason and direction on the newest kernel; those of other kernels are in expectations.ts. */
  readonly reason: string;
  readonly direction: Direction;
  /** The direction if the kernel's reasons are not used, if it differs. docs/metrics.md explains why. */
  readonly directionByFunction?: Direction;
  /** The class, if the function that freed the packet determines it, not the reason. */
  readonly class?: ReasonClass;
  /** The families in which that function frees only for this class, so it also determines the class if the kernel's reasons are not used. */
  readonly classByFunction?: readonly Family[];
  /** The network.type of the dropped packets, if it differs from the family of the scenario. */
  readonly network?: 'other';
  /** The errno's name, if the reason is that of a failed call. */
  readonly error?: string;
  /** Other reasons that may be counted in these namespaces, because the scenario can't avoid them. */
  readonly beside?: readonly string[];
  /**
   * Its packets have lists of members that are freed after them, without a device. If these were counted as separate drops, they would have
   * no namespace. So drops without a namespace are a failure.
   */
  readonly hasMembers?: true;
  /** The packet no longer has a device, route or socket. Only the tracepoint's socket argument (6.11) shows its namespace. */
  readonly namespaceMayBeLost?: true;
  /** The kernel loses it without the tracepoint, so nothing is counted, though the kernel's own counter rises. docs/metrics.md lists it. */
  readonly uncounted?: true;
  /** There are so many packets that an interrupt may drop some while our program counts one. Drops plus slot `nested` are the total. */
  readonly mayInterruptItself?: true;
  /**
   * The addresses of the packets that are dropped for the reason, as `source > destination`. Default: only from the bed's source to its
   * target. A missing address is empty.
   */
  addresses?(bed: Testbed): readonly string[];
  readonly ground?: Ground;
  /** The setup before the measurement, on top of the ground. */
  setup?(bed: Testbed): readonly Step[];
  /** The kernel's own counter of the same drops, or the caller's. */
  counter(bed: Testbed): Counter;
  cause(bed: Testbed): Promise<Caused>;
}
