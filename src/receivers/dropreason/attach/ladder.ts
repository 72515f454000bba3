import type { HookStatus } from '../../../pdata/batch.ts';
import { type DropreasonConfig, type HookId, RUNGS, type Rung } from '../config.ts';
import { isNativeError, type Probe } from '../probe.ts';
import { type Chains, type HookReport, type PartState, statusOf } from './hook_status.ts';
import { type HookPart, type HookSpec, SHARED_PROGRAM } from './hooks.ts';
import type { KernelView } from './kernel_view.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';
import { type Calls, Rungs } from './rungs.ts';

export interface LadderOptions {
  readonly probe: Pick<Probe, 'attach' | 'attached'>;
  readonly hooks: readonly HookSpec[];
  readonly switches: DropreasonConfig['hooks'];
  readonly chains: Chains;
  /** Whether the kernel skips a program that interrupts itself. */
  readonly guarded: boolean;
  readonly kernel: KernelView;
}

/** Attaches each hook on the highest rung that the configuration and the kernel allow. Keeps the state of each. */
export class Ladder {
  readonly #options: LadderOptions;
  readonly #rungs: Rungs;
  readonly #states = new Map<HookId, PartState[]>();
  /** Nothing can be attached any more. */
  #isFrozen = false;

  /** Throws a NativeError if packets should be counted and can't be. Other hooks that can't be attached are reported. */
  constructor(options: LadderOptions) {
    this.#options = options;
    this.#rungs = new Rungs(options.probe, options.kernel);
    for (const { hook, parts } of options.hooks) {
      this.#states.set(
        hook,
        parts.map((part) => ({ part, state: 'off', rung: undefined, obstacles: [], modulePresent: false })),
      );
    }
    this.#attachDrops();
    this.#attachCalls();
    for (const hook of ['nat', 'conntrack'] as const) this.#each(hook, (state) => this.#attach(hook, state));
  }

  get hooks(): readonly HookStatus[] {
    return this.reports.map(({ status }) => status);
  }

  get reports(): readonly HookReport[] {
    const { hooks, switches, chains } = this.#options;
    return hooks.map(({ hook }) => {
      const states = this.#states.get(hook) as PartState[];
      return statusOf(hook, states, { attach: switches[hook].attach, chains, isFrozen: this.#isFrozen });
    });
  }

  /** Attaches hooks whose module has been loaded meanwhile; returns the changes. Reads /sys once per waiting hook. */
  retry(): readonly HookReport[] {
    if (this.#isFrozen) return [];
    const before = this.reports;
    for (const hook of ['nat', 'conntrack'] as const) {
      this.#each(hook, (state) => {
        const { module } = state.part;
        if (module === undefined || state.state === 'off' || state.state === 'attached') return;
        const present = this.#options.kernel.hasModule(module);
        if (state.state === 'failed' && state.modulePresent && !present) state.state = 'waiting';
        else if (state.state === 'waiting' && present) this.#attach(hook, state);
        state.modulePresent = present;
      });
    }
    return this.reports.filter(({ status }, index) => JSON.stringify(status) !== JSON.stringify(before[index]?.status));
  }

  /** Stops attaching, because the capabilities are dropped. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #each(hook: HookId, visit: (state: PartState) => void): void {
    for (const state of this.#states.get(hook) ?? []) visit(state);
  }

  #only(hook: HookId): PartState {
    return (this.#states.get(hook) as PartState[])[0] as PartState;
  }

  /** Attaches the counting of packets, in one group with the program that rescues drops which interrupt it. */
  #attachDrops(): void {
    const { switches, guarded } = this.#options;
    const [drops, nested] = [this.#only('kfree_skb'), this.#only('nested')];
    if (!switches.kfree_skb.enabled) {
      if (switches.nested.enabled) fail(nested, [nothingToDo('nothing to rescue: hooks::kfree_skb is disabled')], 'moot');
      return;
    }
    const group = drops.part.rungs.tracepoint ?? [];
    if (switches.nested.enabled && guarded) {
      try {
        this.#rungs.attach([...group, ...(nested.part.rungs.tracepoint ?? [])]);
        setAttached(drops, 'tracepoint');
        setAttached(nested, 'tracepoint');
        return;
      } catch (error) {
        if (!isNativeError(error)) throw error;
        fail(nested, [obstacleOf(error)]);
      }
    } else if (switches.nested.enabled) {
      fail(nested, [nothingToDo('nothing to rescue: before Linux 6.1 no drop is skipped, and adds are atomic')], 'moot');
    }
    this.#rungs.attach(group);
    setAttached(drops, 'tracepoint');
  }

  /** On the tracepoint both hooks share one program, so their rungs are chosen before it is attached. */
  #attachCalls(): void {
    const left = (['connect', 'accept'] as const).filter((hook) => this.#attach(hook, this.#only(hook)) === 'shared');
    if (left.length === 0) return;
    if (left.length === 1 || !this.#attachShared(left)) for (const hook of left) if (this.#attachShared([hook])) break;
    for (const hook of left) {
      const state = this.#only(hook);
      if (state.state === 'failed') this.#tryEach(RUNGS.slice(RUNGS.indexOf('tracepoint') + 1), hook, state);
    }
  }

  /** Attaches the shared program for these hooks and sets their states. Returns whether it succeeded. */
  #attachShared(hooks: readonly ('connect' | 'accept')[]): boolean {
    const calls: Calls = { connect: hooks.includes('connect'), accept: hooks.includes('accept') };
    const states = hooks.map((hook) => this.#only(hook));
    const group = states
      .flatMap(({ part }) => part.rungs.tracepoint ?? [])
      .filter(({ program }, index, all) => all.findIndex((other) => other.program === program) === index);
    const attempt = this.#rungs.try('tracepoint', { what: 'calls', rungs: { tracepoint: group } }, calls);
    for (const state of states) {
      state.obstacles = state.obstacles.filter((each) => each.rung !== 'tracepoint'); // of an attempt in common
      if (attempt.result === 'attached') setAttached(state, 'tracepoint');
      else if (attempt.result === 'refused') fail(state, [...state.obstacles, attempt.obstacle]);
    }
    return attempt.result === 'attached';
  }

  /** Tries the rungs from the best down. `shared`: the next one is the shared program of the calls. */
  #attach(hook: HookId, state: PartState): 'done' | 'shared' {
    const { enabled, attach } = this.#options.switches[hook];
    if (!enabled) return 'done';
    const { part } = state;
    const allowed: readonly Rung[] = attach;
    state.modulePresent = part.module !== undefined && this.#options.kernel.hasModule(part.module);
    const taken = RUNGS.find((rung) => allowed.includes(rung) && this.#rungs.isAttached(part.rungs[rung] ?? []));
    if (taken !== undefined) {
      const isHighest = taken === RUNGS.find((rung) => allowed.includes(rung));
      state.obstacles = isHighest ? [] : [{ rung: undefined, why: 'pinned', detail: 'taken over as pinned' }];
      setAttached(state, taken);
      return 'done';
    }
    state.obstacles = [];
    return this.#tryEach(RUNGS, hook, state);
  }

  /** Attaches a hook on the first of these rungs that works. */
  #tryEach(rungs: readonly Rung[], hook: HookId, state: PartState): 'done' | 'shared' {
    const { part } = state;
    const allowed: readonly Rung[] = this.#options.switches[hook].attach;
    for (const rung of rungs) {
      const group = part.rungs[rung];
      if (group === undefined || group.length === 0) continue;
      if (!allowed.includes(rung)) {
        state.obstacles.push({ rung, why: 'not_in_list', detail: `not in hooks::${hook}::attach` });
        continue;
      }
      if (isShared(part, rung)) return 'shared';
      const attempt = this.#rungs.try(rung, part);
      if (attempt.result === 'refused') {
        state.obstacles.push(attempt.obstacle);
        continue;
      }
      if (attempt.result === 'absent') state.state = 'waiting';
      else setAttached(state, rung);
      return 'done';
    }
    state.state = 'failed';
    return 'done';
  }
}

function isShared(part: HookPart, rung: Rung): boolean {
  return part.rungs[rung]?.some(({ program }) => program === SHARED_PROGRAM) ?? false;
}

function setAttached(state: PartState, rung: Rung): void {
  state.state = 'attached';
  state.rung = rung;
}

function fail(state: PartState, obstacles: Obstacle[], as: 'failed' | 'moot' = 'failed'): void {
  state.state = as;
  state.obstacles = obstacles;
}

function nothingToDo(detail: string): Obstacle {
  return { rung: undefined, why: 'nothing_to_do', detail };
}
