import { type Machine, type Outcome, runMachine } from './machine.ts';
import { isSummary, parseLine, type RunSummary, type ScenarioResult } from './results.ts';

/** The result of one kernel's run. */
export interface KernelRun {
  readonly results: readonly ScenarioResult[];
  readonly outcome: Outcome;
  /** Problems outside the scenarios. Each counts as one more failure. */
  readonly troubles: readonly string[];
}

/** Runs the scenarios on one kernel, in `processes` processes of their runner. Reports each result immediately. */
export async function runKernel(
  machine: Omit<Machine, 'onLine'>,
  processes: number,
  onResult: (result: ScenarioResult) => void,
): Promise<KernelRun> {
  const results: ScenarioResult[] = [];
  const summaries: RunSummary[] = [];
  const outcome = await runMachine({
    ...machine,
    onLine: (line) => {
      const parsed = parseLine(line);
      if (parsed === undefined) return;
      if (isSummary(parsed)) {
        summaries.push(parsed);
      } else {
        results.push(parsed);
        onResult(parsed);
      }
    },
  });
  return { results, outcome, troubles: findTroubles(results, summaries, processes, outcome, machine.limitMillis) };
}

function findTroubles(
  results: readonly ScenarioResult[],
  summaries: readonly RunSummary[],
  processes: number,
  outcome: Outcome,
  limitMillis: number,
): string[] {
  if (outcome.status === 'timed out') return [`not done within ${limitMillis / 1000} s, the console says:\n${outcome.console}`];
  if (outcome.status === 'died') return [`the guest died, the console says:\n${outcome.console}`];
  const { passed, failed, skipped } = count(results);
  const said = outcome.stderr.trim().split('\n').slice(-20).join('\n');
  const troubles: string[] = [];
  if (summaries.length !== processes) {
    troubles.push(
      `${processes - summaries.length} of ${processes} runs ended without a summary; status ${outcome.code}:\n${said}`,
    );
  }
  const summary = { passed: 0, failed: 0, skipped: 0 };
  for (const one of summaries) {
    summary.passed += one.passed;
    summary.failed += one.failed;
    summary.skipped += one.skipped;
  }
  if (passed !== summary.passed || failed !== summary.failed || skipped !== summary.skipped) {
    troubles.push(`the runner sums up ${JSON.stringify(summary)} but gave ${JSON.stringify({ passed, failed, skipped })}`);
  }
  if (passed + failed === 0) troubles.push('no scenario ran');
  if (outcome.code !== 0 && failed === 0) troubles.push(`the scenarios' runner ended with status ${outcome.code}:\n${said}`);
  return troubles;
}

export function count(results: readonly ScenarioResult[]): RunSummary {
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  const passed = results.filter((result) => result.skipped === undefined && result.ok).length;
  return { passed, failed: results.length - passed - skipped, skipped };
}
