import type { Reporter, TestCase } from 'vitest/node';

/** Closes a run with the counts on a line of their own, and with why each test that skipped did. */
export default class ClosingLine implements Reporter {
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #skips: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const { state, ...result } = test.result();
    if (state === 'pending') return;
    this.#counts[state] += 1;
    if (state === 'skipped')
      this.#skips.push(`skipped: ${test.fullName}${'note' in result && result.note ? `: ${result.note}` : ''}`);
  }

  onTestRunEnd(_modules: unknown, errors: readonly unknown[]): void {
    const { passed, failed, skipped } = this.#counts;
    const lines = [...this.#skips, `${passed} passed, ${failed + errors.length} failed, ${skipped} skipped`];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
