import type { HookStatus } from '../../../pdata/batch.ts';
import { type HookId, RUNGS, type Rung } from '../config.ts';
import { callPriceOf } from './call_price.ts';
import type { HookPart } from './hooks.ts';
import { codeOf, inWords, type Obstacle } from './obstacle.ts';

/** The state of one part of a hook. */
export interface PartState {
  readonly part: HookPart;
  /** `off`: disabled. `moot`: not needed on this kernel. `waiting`: for the module with its function. */
  state: 'off' | 'moot' | 'attached' | 'waiting' | 'failed';
  rung: Rung | undefined;
  /** Why higher rungs, or all, can't be used; the highest first. */
  obstacles: Obstacle[];
  /** Whether its module existed at the last check. */
  modulePresent: boolean;
}

/** A hook's status, and whether an operator should see it in the log. */
export interface HookReport {
  readonly status: HookStatus;
  readonly notable: boolean;
}

/** Call chains of netfilter drops. They serve as a rung of the netfilter hooks without attaching anything. */
export interface Chains {
  readonly recorded: boolean;
  /** If not recorded: how to enable it; empty if there is no way. */
  readonly hint: string;
}

interface StatusOptions {
  readonly attach: readonly Rung[];
  readonly chains: Chains;
  readonly isFrozen: boolean;
}

/** One status for all parts of a hook: the lowest rung of its parts. */
export function statusOf(hook: HookId, states: readonly PartState[], options: StatusOptions): HookReport {
  if (states.every(({ state }) => state === 'off')) {
    return report(hook, undefined, ['disabled', `disabled by hooks::${hook}::enabled`], false);
  }
  const of = (wanted: PartState['state']) => states.filter(({ state }) => state === wanted);
  const [moot, attached, waiting, failed] = [of('moot'), of('attached'), of('waiting'), of('failed')];
  if (moot.length > 0) return report(hook, undefined, [codeOf(obstaclesOf(moot)), reasons(moot)], false);

  const byChain = options.attach.includes('tracepoint') && states.some(({ part }) => part.rungs.tracepoint?.length === 0);
  const rungs = attached.flatMap(({ rung }) => rung ?? []);
  if (byChain && options.chains.recorded && waiting.length + failed.length > 0) rungs.push('tracepoint');
  const rung = RUNGS.findLast((each) => rungs.includes(each));

  const price = callPriceOf(hook, rung, obstaclesOf(states));
  const code =
    price?.why ??
    (failed.length > 0
      ? codeOf(obstaclesOf(failed))
      : waiting.length > 0
        ? waitsFor(options.isFrozen)
        : codeOf(obstaclesOf(attached)));
  const detail = [
    ...(price === undefined ? [] : [price.detail]),
    ...(failed.length === 0 ? [] : [failure(states, failed, rung, byChain ? options.chains.hint : '')]),
    ...(waiting.length === 0 ? [] : [waits(states, waiting, options.isFrozen)]),
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

function obstaclesOf(states: readonly PartState[]): readonly Obstacle[] {
  return states.flatMap(({ obstacles }) => obstacles);
}

/** Each reason once, because parts of a hook often share them. */
function reasons(states: readonly PartState[]): string {
  return [...new Set(obstaclesOf(states).map(inWords))].join('; ');
}

function waitsFor(isFrozen: boolean): string {
  return isFrozen ? 'capabilities_dropped' : 'no_module';
}

function failure(all: readonly PartState[], failed: readonly PartState[], rung: Rung | undefined, hint: string): string {
  const why = reasons(failed);
  const isAnnotation = all.some(({ part }) => part.rungs.tracepoint?.length === 0);
  if (!isAnnotation || rung === 'tracepoint') return why;
  const whose = failed.length === all.length ? '' : `drops of ${names(failed)} are `;
  return `${whose}counted as IPTABLE_RULE_DROP: ${why}${hint === '' ? '' : `; ${hint}`}`;
}

function waits(all: readonly PartState[], waiting: readonly PartState[], isFrozen: boolean): string {
  const isAll = waiting.length === all.length;
  if (isFrozen) return `${isAll ? '' : `${names(waiting)}: `}its module was not loaded in time: capabilities have been dropped`;
  const modules = waiting.flatMap(({ part }) => part.module ?? []);
  const what = `the module${modules.length > 1 ? 's' : ''} ${modules.join(' and ')}: until then no packet can be dropped there`;
  return isAll ? `waits for ${what}` : `${names(waiting)} waits for ${what}`;
}

function names(states: readonly PartState[]): string {
  return states.map(({ part }) => part.what).join(' and ');
}
