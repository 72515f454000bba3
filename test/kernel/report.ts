import { regressionsOf } from './regressions.ts';

/** What every line of a run says at least, as one JSON object. */
export interface Result {
  readonly scenario: string;
  readonly family: string;
  readonly ok: boolean;
  readonly skipped?: true;
  /** Everything that isn't as it should be, or why it was skipped. */
  readonly message: string;
}

/** Prints the results of a run, and their sum at its end. */
export class Report {
  readonly #run: string;
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };

  /** `run` names this run among others of the same kernel. */
  constructor(run: string) {
    this.#run = run;
  }

  settle(result: Result, run = this.#run): void {
    this.#counts[result.skipped ? 'skipped' : result.ok ? 'passed' : 'failed']++;
    const regressions = regressionsOf(result.scenario);
    print({ ...result, run, ...(regressions.length > 0 ? { regressions } : {}) });
  }

  /** The last line; returns the status that the process is to end with. */
  sumUp(): number {
    print(this.#counts);
    return this.#counts.failed === 0 ? 0 : 1;
  }
}

function print(object: unknown): void {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}
