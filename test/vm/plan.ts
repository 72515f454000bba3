import { HOOKS } from '../kernel/rungs.ts';

/** One process of the scenario runner in a guest. */
export interface Run {
  /** The name in its results: `default`, the requested rungs, or another difference. */
  readonly label: string;
  /** The script in test/kernel/, and its arguments. */
  readonly command: readonly string[];
}

/**
 * Lower rungs, for all hooks together. `stack` is the tracepoint with call chains; without them the netfilter hooks have no lower rung.
 * `state` is only the state change of sockets, for connects.
 */
export const LOWER_RUNGS = ['kprobe', 'stack', 'tracepoint', 'state'] as const;
/** The hooks for which a lower rung makes a difference. For hooks of calls, `stack` equals `tracepoint`. Only they have `state`. */
const MOVED_HOOKS = { kprobe: 'all', stack: 'nat,conntrack', tracepoint: 'all', state: 'connect,accept' } as const;
/**
 * The rungs to which only one hook is moved, for IPv4, to test that the other hooks still work. Hooks of calls do not affect other hooks.
 * Of these, the one with few scenarios is turned off, to test that this is possible.
 */
const ALONE = {
  nat: ['kprobe', 'stack', 'none'],
  conntrack: ['kprobe', 'stack', 'none'],
  connect: [],
  accept: ['none'],
} as const;
/** The kernel on which each hook is also moved down separately, and on which the kernel's reasons are also left unused. */
export const FINEST = '6.12';
export const BY_FUNCTION = 'reasons: function';
const LATE_MODULES = 'modules loaded later';

function moved(rungs: string, hooks: string, ...more: string[]): Run {
  return { label: rungs, command: ['main.ts', '--ran', '--rungs', rungs, '--hooks', hooks, ...more] };
}

/**
 * All runs in one boot of a kernel, in order. During the first, modules are loaded. The second runs every scenario on the default rungs,
 * counted in basic and advanced mode at the same time. The others run the scenarios that need hooks on every lower rung, on one kernel or,
 * with `allRungs`, on each. That takes more than an hour.
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

/** The shell script that runs them one after another. It ends with 1 if one failed. */
export function scriptOf(runs: readonly Run[], root: string, node: string, filter: string): string {
  const lines = runs.map(({ label, command: [script = '', ...args] }) => {
    const filtered = filter === '' || label === LATE_MODULES ? args : [...args, '--filter', filter];
    const words = [node, `test/kernel/${script}`, ...filtered].map(quote).join(' ');
    // The hooks attach to functions in modules. These are loaded before every run, except the one that loads them itself.
    return label === LATE_MODULES ? `${words} || failed=1` : `sh test/vm/modules.sh; ${words} || failed=1`;
  });
  // All runs use the same TypeScript, so later runs reuse the code that Node compiled for the first.
  return [`cd ${quote(root)}`, 'export NODE_COMPILE_CACHE=/tmp/node-compile-cache', 'failed=0', ...lines, 'exit $failed'].join(
    '\n',
  );
}

/** Quotes a word for a shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
