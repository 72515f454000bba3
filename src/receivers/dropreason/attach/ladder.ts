import type { HookStatus } from '../../../pdata/batch.ts';
import { type DropreasonConfig, type HookId, RUNGS, type Rung } from '../config.ts';
import { isNativeError, type Probe } from '../probe.ts';
import { type HookPart, type HookSpec, SHARED_PROGRAM } from './hooks.ts';
import type { KernelView } from './kernel_view.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';
import { type Calls, Rungs } from './rungs.ts';
import { type Chains, type HookReport, type Standing, statusOf } from './standing.ts';

export interface LadderOptions {
  readonly probe: Pick<Probe, 'attach' | 'attached'>;
  readonly hooks: readonly HookSpec[];
  readonly switches: DropreasonConfig['hooks'];
  readonly chains: Chains;
  /** Whether the kernel skips a program that interrupts itself. */
  readonly guarded: boolean;
  readonly kernel: KernelView;
}

/** Attaches each hook on the highest rung that it may stand on and that the kernel lets it; knows where each stands. */
export class Ladder {
  readonly #options: LadderOptions;
  readonly #rungs: Rungs;
  readonly #standings = new Map<HookId, Standing[]>();
  /** Nothing more is attached. */
  #isFrozen = false;

  /** Throws a NativeError where packets should be counted and can't be; any other hook that can't be attached is told. */
  constructor(options: LadderOptions) {
    this.#options = options;
    this.#rungs = new Rungs(options.probe, options.kernel);
    for (const { hook, parts } of options.hooks) {
      this.#standings.set(
        hook,
        parts.map((part) => ({ part, state: 'off', rung: undefined, obstacles: [], modulePresent: false })),
      );
    }
    this.#climbDrops();
    this.#climbCalls();
    for (const hook of ['nat', 'conntrack'] as const) this.#each(hook, (standing) => this.#climb(hook, standing));
  }

  get hooks(): readonly HookStatus[] {
    return this.reports.map(({ status }) => status);
  }

  get reports(): readonly HookReport[] {
    const { hooks, switches, chains } = this.#options;
    return hooks.map(({ hook }) => {
      const standings = this.#standings.get(hook) as Standing[];
      return statusOf(hook, standings, { attach: switches[hook].attach, chains, isFrozen: this.#isFrozen });
    });
  }

  /** Attaches what waited for a module that is there now; what has changed by it. A look at /sys for each that waits. */
  retry(): readonly HookReport[] {
    if (this.#isFrozen) return [];
    const before = this.reports;
    for (const hook of ['nat', 'conntrack'] as const) {
      this.#each(hook, (standing) => {
        const { module } = standing.part;
        if (module === undefined || standing.state === 'off' || standing.state === 'attached') return;
        const present = this.#options.kernel.hasModule(module);
        if (standing.state === 'failed' && standing.modulePresent && !present) standing.state = 'waiting';
        else if (standing.state === 'waiting' && present) this.#climb(hook, standing);
        standing.modulePresent = present;
      });
    }
    return this.reports.filter(({ status }, index) => JSON.stringify(status) !== JSON.stringify(before[index]?.status));
  }

  /** From now on nothing is attached, for no capability is left. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #each(hook: HookId, visit: (standing: Standing) => void): void {
    for (const standing of this.#standings.get(hook) ?? []) visit(standing);
  }

  #only(hook: HookId): Standing {
    return (this.#standings.get(hook) as Standing[])[0] as Standing;
  }

  /** Packets first, and in one group with them what rescues the drops that interrupt their counting. */
  #climbDrops(): void {
    const { switches, guarded } = this.#options;
    const [drops, nested] = [this.#only('kfree_skb'), this.#only('nested')];
    if (!switches.kfree_skb.enabled) {
      if (switches.nested.enabled) fail(nested, [nothingToDo('nothing to rescue: hooks::kfree_skb is turned off')], 'moot');
      return;
    }
    const group = drops.part.rungs.tracepoint ?? [];
    if (switches.nested.enabled && guarded) {
      try {
        this.#rungs.attach([...group, ...(nested.part.rungs.tracepoint ?? [])]);
        stand(drops, 'tracepoint');
        stand(nested, 'tracepoint');
        return;
      } catch (error) {
        if (!isNativeError(error)) throw error;
        fail(nested, [obstacleOf(error)]);
      }
    } else if (switches.nested.enabled) {
      fail(nested, [nothingToDo('nothing to rescue: before Linux 6.1 no drop is skipped, and adds are atomic')], 'moot');
    }
    this.#rungs.attach(group);
    stand(drops, 'tracepoint');
  }

  /** Both stand on one program where they stand on the tracepoint: where each goes is settled before it is attached. */
  #climbCalls(): void {
    const left = (['connect', 'accept'] as const).filter((hook) => this.#climb(hook, this.#only(hook)) === 'shared');
    if (left.length === 0) return;
    if (left.length === 1 || !this.#attachShared(left)) for (const hook of left) if (this.#attachShared([hook])) break;
    for (const hook of left) {
      const standing = this.#only(hook);
      if (standing.state === 'failed') this.#tryEach(RUNGS.slice(RUNGS.indexOf('tracepoint') + 1), hook, standing);
    }
  }

  /** Whether all of these hooks could be attached by the program that they share; each knows where it stands after it. */
  #attachShared(hooks: readonly ('connect' | 'accept')[]): boolean {
    const calls: Calls = { connect: hooks.includes('connect'), accept: hooks.includes('accept') };
    const standings = hooks.map((hook) => this.#only(hook));
    const group = standings
      .flatMap(({ part }) => part.rungs.tracepoint ?? [])
      .filter(({ program }, index, all) => all.findIndex((other) => other.program === program) === index);
    const attempt = this.#rungs.try('tracepoint', { what: 'calls', rungs: { tracepoint: group } }, calls);
    for (const standing of standings) {
      standing.obstacles = standing.obstacles.filter((each) => each.rung !== 'tracepoint'); // of an attempt in common
      if (attempt.result === 'attached') stand(standing, 'tracepoint');
      else if (attempt.result === 'refused') fail(standing, [...standing.obstacles, attempt.obstacle]);
    }
    return attempt.result === 'attached';
  }

  /** Climbs down until a rung holds. `shared`: what is left is the program that the calls share. */
  #climb(hook: HookId, standing: Standing): 'done' | 'shared' {
    const { enabled, attach } = this.#options.switches[hook];
    if (!enabled) return 'done';
    const { part } = standing;
    const allowed: readonly Rung[] = attach;
    standing.modulePresent = part.module !== undefined && this.#options.kernel.hasModule(part.module);
    const taken = RUNGS.find((rung) => allowed.includes(rung) && this.#rungs.isAttached(part.rungs[rung] ?? []));
    if (taken !== undefined) {
      const isHighest = taken === RUNGS.find((rung) => allowed.includes(rung));
      standing.obstacles = isHighest ? [] : [{ rung: undefined, why: 'pinned', detail: 'taken over as it was pinned' }];
      stand(standing, taken);
      return 'done';
    }
    standing.obstacles = [];
    return this.#tryEach(RUNGS, hook, standing);
  }

  /** Attaches a hook on the first of these rungs that holds. */
  #tryEach(rungs: readonly Rung[], hook: HookId, standing: Standing): 'done' | 'shared' {
    const { part } = standing;
    const allowed: readonly Rung[] = this.#options.switches[hook].attach;
    for (const rung of rungs) {
      const group = part.rungs[rung];
      if (group === undefined || group.length === 0) continue;
      if (!allowed.includes(rung)) {
        standing.obstacles.push({ rung, why: 'not_in_list', detail: `not in hooks::${hook}::attach` });
        continue;
      }
      if (isShared(part, rung)) return 'shared';
      const attempt = this.#rungs.try(rung, part);
      if (attempt.result === 'refused') {
        standing.obstacles.push(attempt.obstacle);
        continue;
      }
      if (attempt.result === 'absent') standing.state = 'waiting';
      else stand(standing, rung);
      return 'done';
    }
    standing.state = 'failed';
    return 'done';
  }
}

function isShared(part: HookPart, rung: Rung): boolean {
  return part.rungs[rung]?.some(({ program }) => program === SHARED_PROGRAM) ?? false;
}

function stand(standing: Standing, rung: Rung): void {
  standing.state = 'attached';
  standing.rung = rung;
}

function fail(standing: Standing, obstacles: Obstacle[], state: 'failed' | 'moot' = 'failed'): void {
  standing.state = state;
  standing.obstacles = obstacles;
}

function nothingToDo(detail: string): Obstacle {
  return { rung: undefined, why: 'nothing_to_do', detail };
}
