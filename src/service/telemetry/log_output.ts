import type { DestinationStream } from 'pino';
import type { Output } from '../../component/output.ts';

export interface LogOutputOptions {
  /** As in `output_paths`. */
  readonly path: string;
  readonly output: Output;
  /** Formats a line of pino's JSON. */
  readonly format: (line: string) => string;
}

/**
 * One destination of log lines. A line that can't be written is dropped and counted, so that the agent doesn't depend on its log. When
 * writing works again, the first line reports how many were lost, and why.
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

  /** Lines lost since the start. */
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
