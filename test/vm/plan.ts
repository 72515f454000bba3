import { HOOKS } from '../kernel/rungs.ts';

/** One process of the scenarios' runner in a guest. */
export interface Run {
  /** As its results name it: `default`, the rungs that it asks for, or what else is different. */
  readonly label: string;
  /** The script, below test/kernel/, and its arguments. */
  readonly command: readonly string[];
}

/**
 * What takes away one rung after the other, for all hooks together: `stack` is the tracepoint with call chains, without which
 * the hooks of netfilter stand on none; `state` is the state change of sockets alone, for connects.
 */
export const LOWER_RUNGS = ['kprobe', 'stack', 'tracepoint', 'state'] as const;
/** The hooks that tell one lower rung from another: to those of calls `stack` is what `tracepoint` is, and no other has `state`. */
const MOVED_HOOKS = { kprobe: 'all', stack: 'nat,conntrack', tracepoint: 'all', state: 'connect,accept' } as const;
/**
 * The rungs that a hook is moved to alone, for IPv4: whether the others go on as they did. Those of calls have nothing to do with other
 * hooks: the one with few scenarios is left out, to see that it can be.
 */
const ALONE = {
  nat: ['kprobe', 'stack', 'none'],
  conntrack: ['kprobe', 'stack', 'none'],
  connect: [],
  accept: ['none'],
} as const;
/** The kernel on which each hook is moved down alone too, and on which reasons are done without. */
export const FINEST = '6.12';
export const BY_FUNCTION = 'reasons: function';
const LATE_MODULES = 'modules loaded later';

function moved(rungs: string, hooks: string, ...more: string[]): Run {
  return { label: rungs, command: ['main.ts', '--ran', '--rungs', rungs, '--hooks', hooks, ...more] };
}

/**
 * All that runs in one boot of a kernel, in order: modules are loaded while the first one runs; the second one runs every
 * scenario on the rungs that the hooks choose, counted in basic and in advanced mode at once; the others run those that need hooks
 * on every lower rung, on one kernel or, with `allRungs`, on each: that takes more than an hour.
 */
export function planOf(kernel: string, allRungs = false): Run[] {
  const alone = HOOKS.flatMap((hook) => ALONE[hook].map((rung) => moved(`${hook}=${rung}`, hook, '--family', 'ipv4')));
  return [
    { label: LATE_MODULES, command: ['late_modules.ts'] },
    { label: 'default', command: ['main.ts', '--ran', '--mode', 'basic,advanced'] },
    ...(allRungs || kernel === FINEST ? LOWER_RUNGS.map((rungs) => moved(rungs, MOVED_HOOKS[rungs])) : []),
    ...(kernel === FINEST ? [...alone, { label: BY_FUNCTION, command: ['main.ts', '--reasons', 'function'] }] : []),
  ];
}

/** The shell script that runs them one after another, and ends with 1 where one failed. */
export function scriptOf(runs: readonly Run[], root: string, node: string, filter: string): string {
  const lines = runs.map(({ label, command: [script = '', ...args] }) => {
    const filtered = filter === '' || label === LATE_MODULES ? args : [...args, '--filter', filter];
    const words = [node, `test/kernel/${script}`, ...filtered].map(quote).join(' ');
    // What the hooks are attached to is in modules: all runs but the one that loads them find them there.
    return label === LATE_MODULES ? `${words} || failed=1` : `sh test/vm/modules.sh; ${words} || failed=1`;
  });
  // Each run reads the same TypeScript: what Node made of it the first time serves the others.
  return [`cd ${quote(root)}`, 'export NODE_COMPILE_CACHE=/tmp/node-compile-cache', 'failed=0', ...lines, 'exit $failed'].join(
    '\n',
  );
}

/** A word that a shell takes as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
