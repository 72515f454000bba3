import type { Rung } from '../config.ts';
import { type Attachment, isNativeError, type NativeError, type Probe } from '../probe.ts';
import type { HookPart } from './hooks.ts';
import type { KernelView } from './kernel_view.ts';
import { isRefusedToRead } from './lockdown.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';

/** The calls that the shared program counts. */
export interface Calls {
  readonly connect: boolean;
  readonly accept: boolean;
}

/** The result of an attempt. `absent`: the function doesn't exist, and its module isn't loaded. */
export type Attempt =
  | { readonly result: 'attached' }
  | { readonly result: 'absent' }
  | { readonly result: 'refused'; readonly obstacle: Obstacle };

const ATTACHED: Attempt = { result: 'attached' };

/**
 * Attaches groups of programs. If the kernel rejects a kind of program at its own functions, that kind is not tried again: each attempt
 * loads an object, which takes about 30 ms. So try the kernel's own functions before those of modules.
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

  /** Attaches all programs of a group, or none. */
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

  /** The same, but throws a NativeError on failure. */
  attach(group: readonly Attachment[], calls?: Calls): void {
    if (calls === undefined) this.#probe.attach(group);
    else this.#probe.attach(group, calls);
  }

  /** Whether all programs of a group are already attached, for example taken over from pins. */
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
      const detail = 'these programs copy kernel memory with a helper, which the kernel denies under lockdown=confidentiality';
      return refused({ rung, why: 'lockdown', detail });
    }
    // EPERM at a module's function may come from reading its types, and then says nothing about this kind of program.
    const isOfModule = module !== undefined && rung === 'fexit' && errno === 'EPERM';
    if (errno === 'ESRCH' || errno === 'ENOENT' || isOfModule) {
      if (module !== undefined && !this.#kernel.hasModule(module)) return { result: 'absent' };
      if (module === undefined || rung !== 'fexit') {
        return refused({ rung, why: 'no_function', detail: `the kernel has no ${what} to attach to (${errno})` });
      }
      const detail = `the types of the module ${module} can't be read (${errno}), which requires CAP_SYS_ADMIN`;
      return refused({ rung, why: 'no_module_types', detail });
    }
    if (errno !== 'EPERM') return refused(obstacleOf(error, rung));
    // LOCKDOWN_KPROBES
    const isLockedDown = rung === 'kprobe' && this.#kernel.isConfidential;
    const obstacle: Obstacle = isLockedDown
      ? { rung, why: 'lockdown', detail: 'the kernel denies kprobes under lockdown=confidentiality' }
      : { rung, why: 'eperm', detail: 'the kernel denies such programs (EPERM)' };
    if (rung !== 'tracepoint') this.#refused.set(rung, obstacle);
    return refused(obstacle);
  }
}

function refused(obstacle: Obstacle): Attempt {
  return { result: 'refused', obstacle };
}
