import type { Rung } from '../config.ts';
import type { NativeError } from '../probe.ts';

/** Why a hook can't be attached on a rung, or on any. */
export interface Obstacle {
  /** Undefined if it concerns more than one rung. */
  readonly rung: Rung | undefined;
  /** A code: see HOOK_WHY. */
  readonly why: string;
  readonly detail: string;
}

/** An obstacle from an error of the addon: the errno as code, and the message in one line without libbpf's log. */
export function obstacleOf({ message, errno }: NativeError, rung?: Rung): Obstacle {
  const first = message.split('\n')[0] ?? '';
  return errno === '' ? { rung, why: 'error', detail: first } : { rung, why: errno.toLowerCase(), detail: `${first} (${errno})` };
}

/** The obstacle as text, with its rung if it concerns one. */
export function inWords({ rung, detail }: Obstacle): string {
  return rung === undefined ? detail : `${rung}: ${detail}`;
}

/**
 * One code for all obstacles. `not_in_list` explains the least, so it is used only if nothing else prevents a higher
 * rung.
 */
export function codeOf(obstacles: readonly Obstacle[]): string {
  return (obstacles.find(({ why }) => why !== 'not_in_list') ?? obstacles[0])?.why ?? '';
}
