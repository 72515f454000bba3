import type { Finding } from '../../component/factory.ts';
import type { HookReport } from './attach/hook_status.ts';

/**
 * Counting packets is required; the other hooks are optional. Warns of what an operator may want to change: a hook that could not be
 * attached, failed calls that are missed, and a cost for other calls. No warning for a disabled hook.
 */
export function diagnoseHook({ status: { hook, attached, rung, why, detail }, notable }: HookReport): Finding {
  const costs = why === 'slows_calls' || why === 'misses_calls';
  const status = costs || (notable && !attached) ? 'warn' : 'ok';
  const where = attached ? `attached by ${rung}` : 'not attached';
  return { subject: `hook ${hook}`, status, message: `${where}${detail === '' ? '' : `: ${detail}`}` };
}
