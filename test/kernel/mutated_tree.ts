import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import type { Edit, Judging } from './mutation_list.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** The sources of the programs, and the files that run them. Copies, because modules resolve imports by their real path, not by links. */
const COPIED = ['bpf', 'native', 'src', 'test', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** Files that no mutation changes. */
const LINKED = ['node_modules', 'dist', 'build/dropreason.node', 'build/test'];

/** Whether this is a guest of test/vm, by the host name that guest.sh sets. */
export function isGuest(): boolean {
  return hostname() === 'dropreason-vm';
}

/** The result of a run of scenarios or stress tests. */
export interface Verdict {
  readonly status: number | null;
  /** Whether it printed its last line. */
  readonly closed: boolean;
  /** Scenarios or checks, without the lines about rungs. */
  readonly passed: number;
  readonly failed: number;
  /** Why scenarios were skipped; empty if none was. */
  readonly skipped: string;
  /** The rung of each hook, if printed. */
  readonly rungs: ReadonlyMap<string, string>;
  /** The end of its output. */
  readonly said: string;
}

interface Line {
  readonly scenario?: string;
  readonly ok?: boolean;
  readonly skipped?: boolean | number;
  readonly reason?: string;
  readonly message?: string;
  readonly failed?: number;
}

/** A line of test/kernel/main.ts, or a line of the stress tests in the same form. */
function parseLine(text: string): Line {
  const check = /^(ok|FAIL|skip) +(.*)$/.exec(text);
  if (check !== null) {
    const [, how, message = ''] = check;
    return { scenario: `stress/${message}`, ok: how !== 'FAIL', message, ...(how === 'skip' ? { skipped: true } : {}) };
  }
  const closing = /^\d+ passed, (\d+) failed, \d+ skipped$/.exec(text);
  if (closing !== null) return { failed: Number(closing[1]) };
  return text.startsWith('{') ? (JSON.parse(text) as Line) : {};
}

function verdictOf(status: number | null, stdout: string, stderr: string): Verdict {
  const lines = stdout.split('\n').filter((line) => line !== '');
  const parsed = lines.map(parseLine);
  const scenarios = parsed.filter(({ scenario }) => scenario?.includes('/'));
  const rungs = parsed.flatMap(({ scenario = '', reason = '' }) =>
    scenario.startsWith('rung of ') ? [[scenario.slice('rung of '.length), reason] as const] : [],
  );
  return {
    status,
    closed: parsed.at(-1)?.failed !== undefined,
    passed: scenarios.filter(({ ok, skipped }) => ok && !skipped).length,
    failed: scenarios.filter(({ ok }) => ok === false).length,
    skipped: scenarios.find(({ skipped }) => skipped)?.message ?? '',
    rungs: new Map(rungs),
    said: (stderr.trim() || lines.at(-1) || 'nothing').slice(-500),
  };
}

/** A copy of this tree whose BPF sources may be changed. */
export class MutatedTree {
  readonly #root: string;
  #child: ChildProcess | undefined;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Builds the original tree if it is out of date, and copies it. */
  static async make(): Promise<MutatedTree> {
    const builds = ['scripts/build.sh', 'test/kernel/build.sh', ...(isGuest() ? ['test/vm/stress/build.sh'] : [])];
    for (const script of builds) await command('sh', [join(ROOT, script)]);
    const root = mkdtempSync(join(tmpdir(), 'dropreason-mutations-'));
    const tree = new MutatedTree(root);
    try {
      await command('cp', ['-a', ...COPIED.map((name) => join(ROOT, name)), root]); // with the times that scripts/build.sh compares
      mkdirSync(join(root, 'build'));
      for (const name of LINKED) symlinkSync(join(ROOT, name), join(root, name));
    } catch (error) {
      tree.remove();
      throw error;
    }
    return tree;
  }

  /** Throws a RangeError unless the text to be replaced exists exactly once. */
  edit({ file, find, replace }: Edit): void {
    const path = join(this.#root, 'bpf', file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2) throw new RangeError(`stale: bpf/${file} has ${parts.length - 1} times: ${find}`);
    writeFileSync(path, parts.join(replace));
  }

  restore({ file }: Edit): void {
    writeFileSync(join(this.#root, 'bpf', file), readFileSync(join(ROOT, 'bpf', file)));
  }

  /** Builds the copy if it is out of date, and runs the command there. Rejects if the build fails. */
  async judge(by: Judging): Promise<Verdict> {
    await command('sh', [join(this.#root, 'scripts', 'build.sh')]);
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    const child = spawn(process.execPath, by, { cwd: this.#root, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => resolve(verdictOf(status, stdout, stderr)));
    return promise;
  }

  /** Ends all processes that run in it, and removes it. */
  remove(): void {
    this.#child?.kill('SIGTERM');
    rmSync(this.#root, { recursive: true, force: true });
  }
}
