import type { HOOK_WHY } from '../../../pdata/hook_why.ts';
import type { HookId, Rung } from '../config.ts';
import type { Obstacle } from './obstacle.ts';

/** The cost of counting failed calls on some rung, or the calls that are missed. */
export interface CallPrice {
  /** The code. It takes precedence over the codes of obstacles on better rungs. */
  readonly why?: keyof typeof HOOK_WHY;
  /** A full sentence. */
  readonly detail: string;
}

const SLOWS = 'every system call of the node takes some tens of nanoseconds longer (npm run bench -- syscall_cost)';
const KPROBE_MISSES =
  'failures are missed if as many of these calls block as there are CPUs (the instances that a kretprobe has)';
const STATE_MISSES =
  'TCP_CONNECT_BASIC misses connects that fail at once, such as those without a route, and over IPv6 those whose ICMP error the ' +
  'program has read before it closed the socket';
const REASONS: Readonly<Partial<Record<HookId, string>>> = { connect: 'TCP_CONNECT_BASIC', accept: 'TCP_ACCEPT_BASIC' };

/** Undefined for hooks that count no calls, and if nothing is slowed or missed. `rung`: undefined if not attached. */
export function callPriceOf(hook: HookId, rung: Rung | undefined, obstacles: readonly Obstacle[]): CallPrice | undefined {
  const reason = REASONS[hook];
  if (reason === undefined || rung === 'fexit') return undefined;
  if (rung === 'kprobe') return { detail: KPROBE_MISSES };
  if (rung === 'tracepoint') return { why: 'slows_calls', detail: SLOWS };
  const missing = rung === 'state' ? STATE_MISSES : `${reason} is not counted`;
  const isLeft = obstacles.some((each) => each.rung === 'tracepoint' && each.why === 'not_in_list');
  // Lockdown affects every rung.
  if (!isLeft || obstacles.some(({ why }) => why === 'lockdown')) return { detail: missing };
  const remedy = `the rung tracepoint counts them, but slows every system call of the node (add it to hooks::${hook}::attach)`;
  return { why: 'misses_calls', detail: `${missing}; ${remedy}` };
}
