import type { HookStatus } from '../../../pdata/batch.ts';
import { type HookId, RUNGS, type Rung } from '../config.ts';
import { callPriceOf } from './call_price.ts';
import type { HookPart } from './hooks.ts';
import { codeOf, inWords, type Obstacle } from './obstacle.ts';

/** Where one part of a hook stands. */
export interface Standing {
  readonly part: HookPart;
  /** `off`: turned off. `moot`: there is nothing for it to do here. `waiting`: for the module that has its function. */
  state: 'off' | 'moot' | 'attached' | 'waiting' | 'failed';
  rung: Rung | undefined;
  /** What keeps it from higher rungs, or from all, the highest first. */
  obstacles: Obstacle[];
  /** Whether its module was there when it was last looked for. */
  modulePresent: boolean;
}

/** A hook's status, and whether an operator should read it in the log. */
export interface HookReport {
  readonly status: HookStatus;
  readonly notable: boolean;
}

/** Call chains of netfilter's drops: the rung of those hooks for which nothing is attached. */
export interface Chains {
  readonly recorded: boolean;
  /** Where they aren't: how they would be; empty where there is no way. */
  readonly hint: string;
}

interface StatusOptions {
  readonly attach: readonly Rung[];
  readonly chains: Chains;
  readonly isFrozen: boolean;
}

/** One status for all parts of a hook: the lowest rung that one of them stands on. */
export function statusOf(hook: HookId, standings: readonly Standing[], options: StatusOptions): HookReport {
  if (standings.every(({ state }) => state === 'off')) {
    return report(hook, undefined, ['disabled', `turned off by hooks::${hook}::enabled`], false);
  }
  const of = (state: Standing['state']) => standings.filter((standing) => standing.state === state);
  const [moot, attached, waiting, failed] = [of('moot'), of('attached'), of('waiting'), of('failed')];
  if (moot.length > 0) return report(hook, undefined, [codeOf(obstaclesOf(moot)), reasons(moot)], false);

  const byChain = options.attach.includes('tracepoint') && standings.some(({ part }) => part.rungs.tracepoint?.length === 0);
  const rungs = attached.flatMap(({ rung }) => rung ?? []);
  if (byChain && options.chains.recorded && waiting.length + failed.length > 0) rungs.push('tracepoint');
  const rung = RUNGS.findLast((each) => rungs.includes(each));

  const price = callPriceOf(hook, rung, obstaclesOf(standings));
  const code =
    price?.why ??
    (failed.length > 0
      ? codeOf(obstaclesOf(failed))
      : waiting.length > 0
        ? waitsFor(options.isFrozen)
        : codeOf(obstaclesOf(attached)));
  const detail = [
    ...(price === undefined ? [] : [price.detail]),
    ...(failed.length === 0 ? [] : [failure(standings, failed, rung, byChain ? options.chains.hint : '')]),
    ...(waiting.length === 0 ? [] : [waits(standings, waiting, options.isFrozen)]),
    ...(attached.length === 0 ? [] : [reasons(attached)]),
  ].filter((each) => each !== '');
  const isHighest = RUNGS.find((each) => options.attach.includes(each)) === rung;
  const notable =
    failed.length > 0 ||
    (waiting.length > 0 && options.isFrozen) ||
    (attached.length > 0 && !isHighest) ||
    price?.why !== undefined;
  return report(hook, rung, [code, detail.join('; ')], notable);
}

function report(hook: HookId, rung: Rung | undefined, [why, detail]: [string, string], notable: boolean): HookReport {
  return { status: { hook, attached: rung !== undefined, rung: rung ?? 'none', why, detail }, notable };
}

function obstaclesOf(standings: readonly Standing[]): readonly Obstacle[] {
  return standings.flatMap(({ obstacles }) => obstacles);
}

/** Each reason once: parts of a hook mostly share them. */
function reasons(standings: readonly Standing[]): string {
  return [...new Set(obstaclesOf(standings).map(inWords))].join('; ');
}

function waitsFor(isFrozen: boolean): string {
  return isFrozen ? 'capabilities_dropped' : 'no_module';
}

function failure(all: readonly Standing[], failed: readonly Standing[], rung: Rung | undefined, hint: string): string {
  const why = reasons(failed);
  const isAnnotation = all.some(({ part }) => part.rungs.tracepoint?.length === 0);
  if (!isAnnotation || rung === 'tracepoint') return why;
  const whose = failed.length === all.length ? '' : `what ${whats(failed)} drops is `;
  return `${whose}counted as IPTABLE_RULE_DROP: ${why}${hint === '' ? '' : `; ${hint}`}`;
}

function waits(all: readonly Standing[], waiting: readonly Standing[], isFrozen: boolean): string {
  const isAll = waiting.length === all.length;
  if (isFrozen)
    return `${isAll ? '' : `${whats(waiting)}: `}its module came too late, or not yet: capabilities have been dropped`;
  const modules = waiting.flatMap(({ part }) => part.module ?? []);
  const what = `the module${modules.length > 1 ? 's' : ''} ${modules.join(' and ')}: until then no packet can be dropped there`;
  return isAll ? `waits for ${what}` : `${whats(waiting)} waits for ${what}`;
}

function whats(standings: readonly Standing[]): string {
  return standings.map(({ part }) => part.what).join(' and ');
}
