/** Prints one line per check, and the counts at the end. */
export class Checks {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  /** `details` is what was observed, right or wrong. */
  check(ok: boolean, what: string, details: string): void {
    if (ok) this.#passed++;
    else this.#failed++;
    this.say(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${details}`);
  }

  skip(what: string, why: string): void {
    this.#skipped++;
    this.say(`skip ${what}: ${why}`);
  }

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** Prints the counts; returns the exit status. */
  close(): number {
    this.say(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
    return this.#failed === 0 ? 0 : 1;
  }
}
