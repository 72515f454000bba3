import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** Closes a run with why each test that skipped or failed did, and with the counts on a line of their own. */
export default class ClosingLine implements Reporter {
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #skips: string[] = [];
  #failures: string[] = [];

  /** With `-t`: the tests that were asked for. */
  #wanted: RegExp | undefined;

  onInit({ config }: Vitest): void {
    this.#wanted = config.testNamePattern;
  }

  onTestCaseResult(test: TestCase): void {
    const { state, ...result } = test.result();
    // Vitest's pattern is for the names with spaces between them.
    if (state === 'pending' || this.#wanted?.test(test.fullName.replaceAll(' > ', ' ')) === false) return;
    this.#counts[state] += 1;
    if (state === 'failed') this.#failures.push(`failed: ${test.fullName}: ${firstLine(result.errors?.[0]?.message)}`);
    if (state === 'skipped')
      this.#skips.push(`skipped: ${test.fullName}${'note' in result && result.note ? `: ${result.note}` : ''}`);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { passed, failed, skipped } = this.#counts;
    // Of a file that can't be loaded, or a hook that throws: its tests are skipped, or not there at all.
    const ofSuites = modules.flatMap((module) => [module, ...module.children.allSuites()].flatMap((suite) => suite.errors()));
    const errors = [...unhandled, ...ofSuites];
    const lines = [
      ...this.#skips,
      ...this.#failures,
      ...errors.map(({ message }) => `failed: outside of a test: ${firstLine(message)}`),
      `${passed} passed, ${failed + errors.length} failed, ${skipped} skipped`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    if (this.#wanted === undefined || passed + failed + skipped > 0) return;
    process.stderr.write(`no test has a name like ${this.#wanted.source}\n`);
    process.exitCode = 1;
  }
}

function firstLine(message = ''): string {
  return message.split('\n', 1)[0] ?? '';
}
