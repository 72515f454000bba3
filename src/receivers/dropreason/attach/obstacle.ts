import type { Rung } from '../config.ts';
import type { NativeError } from '../probe.ts';

/** What keeps a hook from a rung, or from all of them. */
export interface Obstacle {
  /** Undefined where it isn't about one rung. */
  readonly rung: Rung | undefined;
  /** A code: see HOOK_WHY. */
  readonly why: string;
  readonly detail: string;
}

/** What an error of the addon keeps from: the errno as a code, and the error in a line without libbpf's log. */
export function obstacleOf({ message, errno }: NativeError, rung?: Rung): Obstacle {
  const first = message.split('\n')[0] ?? '';
  return errno === '' ? { rung, why: 'error', detail: first } : { rung, why: errno.toLowerCase(), detail: `${first} (${errno})` };
}

/** The obstacle in words, with its rung where it is about one. */
export function inWords({ rung, detail }: Obstacle): string {
  return rung === undefined ? detail : `${rung}: ${detail}`;
}

/**
 * The one code for all of them. What the configuration leaves out explains the least: it counts where nothing else keeps the hook
 * from a higher rung.
 */
export function codeOf(obstacles: readonly Obstacle[]): string {
  return (obstacles.find(({ why }) => why !== 'not_in_list') ?? obstacles[0])?.why ?? '';
}
