import { regressionsOf } from './regressions.ts';

/** The minimum content of each line of a run, as one JSON object. */
export interface Result {
  readonly scenario: string;
  readonly family: string;
  readonly ok: boolean;
  readonly skipped?: true;
  /** All problems, or why it was skipped. */
  readonly message: string;
}

/** Prints the results of a run, and the totals at its end. */
export class Report {
  readonly #run: string;
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };

  /** `run` is the name of this run on the kernel. */
  constructor(run: string) {
    this.#run = run;
  }

  settle(result: Result, run = this.#run): void {
    this.#counts[result.skipped ? 'skipped' : result.ok ? 'passed' : 'failed']++;
    const regressions = regressionsOf(result.scenario);
    print({ ...result, run, ...(regressions.length > 0 ? { regressions } : {}) });
  }

  /** Prints the last line. Returns the exit status for the process. */
  sumUp(): number {
    print(this.#counts);
    return this.#counts.failed === 0 ? 0 : 1;
  }
}

function print(object: unknown): void {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}
