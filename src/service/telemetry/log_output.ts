import type { DestinationStream } from 'pino';
import type { Output } from '../../component/output.ts';

export interface LogOutputOptions {
  /** As `output_paths` names it. */
  readonly path: string;
  readonly output: Output;
  /** Turns a line of pino's JSON into what is written. */
  readonly format: (line: string) => string;
}

/**
 * One place where log lines go. A line that can't be written is lost and counted, since the agent's work doesn't depend on its
 * log; the first line that is written again comes after one that says how many were lost, and why.
 */
export class LogOutput implements DestinationStream {
  readonly path: string;
  readonly #output: Output;
  readonly #format: (line: string) => string;
  #lost = 0;
  #unreported = 0;
  #isReporting = false;
  #why = '';

  constructor({ path, output, format }: LogOutputOptions) {
    this.path = path;
    this.#output = output;
    this.#format = format;
  }

  /** Lines that were lost since the start. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    const reported = this.#isReporting ? 0 : this.#unreported;
    this.#isReporting ||= reported > 0;
    this.#output.write(`${reported > 0 ? this.#report(reported) : ''}${this.#format(line)}`, (error) => {
      if (reported > 0) this.#isReporting = false;
      if (error === undefined) {
        this.#unreported -= reported;
        return;
      }
      this.#why = (error as NodeJS.ErrnoException).code ?? error.message;
      this.#lost += 1;
      this.#unreported += 1;
    });
  }

  #report(lines: number): string {
    const msg = `${lines} log ${lines === 1 ? 'line was' : 'lines were'} lost: can't write to ${this.path}: ${this.#why}`;
    return this.#format(`${JSON.stringify({ level: 'warn', ts: new Date().toISOString(), msg })}\n`);
  }
}
