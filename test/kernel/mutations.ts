import { parseArgs } from 'node:util';
import { Checks } from '../support/checks.ts';
import { kernelLine } from './kernel_line.ts';
import { isGuest, MutatedTree, type Verdict } from './mutated_tree.ts';
import { type Edit, type Judging, MUTATIONS, type Mutation } from './mutation_list.ts';
import { whyNone } from './requirements.ts';

/*
 * Tests whether the scenarios notice a missing count. As root:
 *   node test/kernel/mutations.ts [--filter TEXT]
 * removes one increment after another from a copy of the BPF programs, builds it, and runs the scenarios that must then fail, and that pass
 * without the mutation. Prints a line for each mutation and the counts, and ends with 1 if a mutation survived. Mutations without an effect
 * on this kernel are skipped, with a message. In a guest, after test/vm/modules.sh:
 *   node test/vm/main.ts --kernel 6.12 -- sh -c 'sh test/vm/modules.sh; node_modules/.bin/node test/kernel/mutations.ts'
 */
const { values } = parseArgs({ options: { filter: { type: 'string', default: '' } } });
const checks = new Checks();
/** The result of each command without a mutation. Each runs once. */
const green = new Map<string, Verdict>();

async function withoutMutation(tree: MutatedTree, by: Judging, given: Edit | undefined): Promise<Verdict> {
  const key = JSON.stringify([by, given]);
  const verdict = green.get(key) ?? (await tree.judge(by));
  green.set(key, verdict);
  return verdict;
}

/** Why the mutation can't be tested on this kernel, or undefined if it can. */
function whyNot({ by, why, where, line, rungs = {} }: Mutation, before: readonly Verdict[]): string | undefined {
  if (by.length === 0) return why ?? 'no scenario';
  if (where === 'guest' && !isGuest()) return 'forced in a guest of test/vm alone';
  if (line !== undefined && line !== kernelLine()) return `only ${line} can be made to show it`;
  for (const [hook, rung] of Object.entries(rungs)) {
    const stands = before[0]?.rungs.get(hook) ?? 'none';
    if (stands !== rung) return `hook ${hook} stands on ${stands} here, not on ${rung}`;
  }
  return before.find(({ passed, skipped }) => passed === 0 && skipped !== '')?.skipped;
}

function sameRungs(one: Verdict, other: Verdict): boolean {
  return [...one.rungs].join() === [...other.rungs].join();
}

async function check(tree: MutatedTree, mutation: Mutation): Promise<void> {
  const { given, where, by } = mutation;
  const what = `mutation ${mutation.name}`;
  const judges = where === 'guest' && !isGuest() ? [] : by;
  const before: Verdict[] = [];
  const problems: string[] = [];
  let red = 0;
  try {
    if (given !== undefined) tree.edit(given);
    for (const judge of judges) before.push(await withoutMutation(tree, judge, given));
    tree.edit(mutation); // even if skipped, because it may be stale
    const why = whyNot(mutation, before);
    if (why !== undefined) return checks.skip(what, why);
    for (const [index, judge] of judges.entries()) {
      const [command, was, is] = [judge.slice(1).join(' '), before[index], await tree.judge(judge)];
      if (was === undefined || was.status !== 0 || was.failed > 0 || was.passed === 0)
        problems.push(`${command} isn't green without it: ${was?.said}`);
      else if (!is.closed || !sameRungs(was, is)) problems.push(`${command} didn't run as it does without it: ${is.said}`);
      else if (is.failed === 0 || is.status === 0) problems.push(`survived ${command}`);
      else red += is.failed;
    }
  } finally {
    for (const edit of [mutation, given]) if (edit !== undefined) tree.restore(edit);
  }
  checks.check(problems.length === 0, what, problems.join('; ') || `${red} scenario${red === 1 ? '' : 's'} red`);
}

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) {
    checks.skip('mutations', 'needs root, for network namespaces and BPF');
    return checks.close();
  }
  const tree = await MutatedTree.make();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      tree.remove();
      process.exit(130);
    });
  }
  const why = whyNone();
  try {
    for (const mutation of MUTATIONS) {
      if (!mutation.name.includes(values.filter)) continue;
      try {
        if (why === undefined) await check(tree, mutation);
        else checks.skip(`mutation ${mutation.name}`, why);
      } catch (error) {
        checks.check(false, `mutation ${mutation.name}`, error instanceof Error ? error.message : String(error));
      }
    }
  } finally {
    tree.remove();
  }
  return checks.close();
}

process.exitCode = await main();
