import type { Rung } from '../config.ts';
import { type Attachment, isNativeError, type NativeError, type Probe } from '../probe.ts';
import type { HookPart } from './hooks.ts';
import type { KernelView } from './kernel_view.ts';
import { isRefusedToRead } from './lockdown.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';

/** Which of the calls the program that they share counts. */
export interface Calls {
  readonly connect: boolean;
  readonly accept: boolean;
}

/** How an attempt ended. `absent`: the function isn't there, nor is the module that would have it. */
export type Attempt =
  | { readonly result: 'attached' }
  | { readonly result: 'absent' }
  | { readonly result: 'refused'; readonly obstacle: Obstacle };

const ATTACHED: Attempt = { result: 'attached' };

/**
 * Tries groups of programs on a probe. A kind of program that the kernel refuses at functions of its own is not tried again:
 * each attempt loads an object, which takes about 30 ms. So functions of the kernel's own are best tried before modules'.
 */
export class Rungs {
  readonly #probe: Pick<Probe, 'attach' | 'attached'>;
  readonly #kernel: KernelView;
  readonly #refused = new Map<Rung, Obstacle>();

  constructor(probe: Pick<Probe, 'attach' | 'attached'>, kernel: KernelView) {
    this.#probe = probe;
    this.#kernel = kernel;
    if (kernel.hasKprobes) return;
    this.#refused.set('kprobe', { rung: 'kprobe', why: 'no_kprobes', detail: 'this kernel has none (CONFIG_KPROBE_EVENTS)' });
  }

  /** Attaches all of a group or none. */
  try(rung: Rung, part: HookPart, calls?: Calls): Attempt {
    const known = this.#refused.get(rung);
    if (known !== undefined) return { result: 'refused', obstacle: known };
    try {
      this.attach(part.rungs[rung] ?? [], calls);
      return ATTACHED;
    } catch (error) {
      if (!isNativeError(error)) throw error;
      return this.#refusal(rung, part, error);
    }
  }

  /** Throws a NativeError where it can't. */
  attach(group: readonly Attachment[], calls?: Calls): void {
    if (calls === undefined) this.#probe.attach(group);
    else this.#probe.attach(group, calls);
  }

  /** Whether all of a group is attached already, as it may be where pinned programs were taken over. */
  isAttached(group: readonly Attachment[]): boolean {
    const { attached } = this.#probe;
    return (
      group.length > 0 &&
      group.every(({ program, target }) => attached.some((each) => each.program === program && each.target === target))
    );
  }

  #refusal(rung: Rung, { what, module }: HookPart, error: NativeError): Attempt {
    const { errno } = error;
    if (isRefusedToRead(error)) {
      const detail = 'these programs copy kernel memory by a helper, which the kernel refuses under lockdown=confidentiality';
      return refused({ rung, why: 'lockdown', detail });
    }
    // EPERM at a module's function may come from the look for its types: it says nothing of programs as such.
    const isOfModule = module !== undefined && rung === 'fexit' && errno === 'EPERM';
    if (errno === 'ESRCH' || errno === 'ENOENT' || isOfModule) {
      if (module !== undefined && !this.#kernel.hasModule(module)) return { result: 'absent' };
      if (module === undefined || rung !== 'fexit') {
        return refused({ rung, why: 'no_function', detail: `the kernel has no ${what} to attach to (${errno})` });
      }
      const detail = `the types of the module ${module} can't be read (${errno}), which needs CAP_SYS_ADMIN`;
      return refused({ rung, why: 'no_module_types', detail });
    }
    if (errno !== 'EPERM') return refused(obstacleOf(error, rung));
    // LOCKDOWN_KPROBES
    const isLockedDown = rung === 'kprobe' && this.#kernel.isConfidential;
    const obstacle: Obstacle = isLockedDown
      ? { rung, why: 'lockdown', detail: 'the kernel refuses kprobes under lockdown=confidentiality' }
      : { rung, why: 'eperm', detail: 'the kernel refuses such programs (EPERM)' };
    if (rung !== 'tracepoint') this.#refused.set(rung, obstacle);
    return refused(obstacle);
  }
}

function refused(obstacle: Obstacle): Attempt {
  return { result: 'refused', obstacle };
}
