import type { Call } from '../call.ts';
import { callOf } from './attempt.ts';
import { HARD } from './hard.ts';
import { EACH_KIND } from './icmp_kinds.ts';
import { BY_MPTCP } from './mptcp.ts';
import { REFUSED } from './refused.ts';
import { SOFT } from './soft.ts';

/** Connects of programs that don't block in the call, or that try again on the same socket. */
export const ATTEMPTS: readonly Call[] = [...[...SOFT, ...HARD, ...REFUSED, ...BY_MPTCP].map(callOf), ...EACH_KIND];
