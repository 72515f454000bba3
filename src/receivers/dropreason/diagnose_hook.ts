import type { Finding } from '../../component/factory.ts';
import type { HookReport } from './attach/standing.ts';

/**
 * Packets have to be counted; the other hooks add to it. A warning is what an operator may want to change: a hook that could not be
 * attached, failed calls that are missing, and a price that other calls pay. What was turned off is none.
 */
export function diagnoseHook({ status: { hook, attached, rung, why, detail }, notable }: HookReport): Finding {
  const costs = why === 'slows_calls' || why === 'misses_calls';
  const status = costs || (notable && !attached) ? 'warn' : 'ok';
  const where = attached ? `attached by ${rung}` : 'not attached';
  return { subject: `hook ${hook}`, status, message: `${where}${detail === '' ? '' : `: ${detail}`}` };
}
