import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The output directory of test/bench/build.sh. */
export const BUILT = `${ROOT}build/bench/`;

/** The CPU of the load, and the CPU of the agent if it must run on another one. */
export const LOAD_CPU = availableParallelism() - 1;
export const AGENT_CPU = 0;

/** Remembers how to undo everything, so that nothing is left behind, however a measure ends. */
export class Lab {
  readonly #undo: (() => void)[] = [];
  #namespaces = 0;

  /** A process that ends with the measure at the latest. */
  spawn(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(file, args, { cwd: ROOT, stdio: 'pipe', env: { ...process.env, ...env } });
    this.#undo.push(() => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    });
    return child;
  }

  /** A network namespace whose loopback drops every echo request by an iptables rule. Returns its name. */
  droppingNamespace(): string {
    const name = `dropreason-bench-${process.pid}-${++this.#namespaces}`;
    run('ip', ['netns', 'add', name]);
    this.#undo.push(() => void spawnSync('ip', ['netns', 'del', name]));
    run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    run('ip', ['netns', 'exec', name, 'iptables', '-A', 'INPUT', '-p', 'icmp', '-j', 'DROP']);
    return name;
  }

  /** Adds another action for the end. */
  defer(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Undoes everything in reverse order. Synchronous, because an interrupted process cannot wait. */
  cleanUp(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}

/** Packets that the rule of a dropping namespace has dropped, by iptables' own counter. */
export function droppedByRule(namespace: string): number {
  const listing = run('ip', ['netns', 'exec', namespace, 'iptables', '-nvxL', 'INPUT']);
  return Number(/^\s*(\d+)\s+\d+\s+DROP/m.exec(listing)?.[1]);
}

/** Runs a short command and returns its output. Throws its error message if it fails. */
export function run(file: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
