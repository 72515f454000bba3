import { setImmediate } from 'node:timers/promises';
import { within } from '../../component/within.ts';
import { countLines, linesOf, type TimedRead } from './lines.ts';

/** How long closing may take once nothing is written any more. */
const CLOSE_MILLIS = 100;

/** Where lines go. Called by one writer, one call at a time; `close` may come in the middle of a `write`. */
export interface Destination {
  /** Told before the lines of each read: what comes is no continuation of what failed before. */
  begin(): void;
  /** Makes the next `write` go to the file that is at the path then. Does nothing if it isn't a file. */
  reopen?(): void;
  /** Writes whole lines. Rejects where not all were taken; then nothing more comes before the next `begin`. */
  write(lines: string): Promise<void>;
  /** Frees at once. A write in progress is abandoned and rejects. */
  close(): Promise<void>;
}

/** What becomes of the lines, in flows. */
export interface WriterEvents {
  sent(flows: number): void;
  /** `undefined`: the destination is too slow. */
  lost(flows: number, error: Error | undefined): void;
  /** A read was written whole, and none waits. */
  caughtUp(): void;
}

/**
 * Writes reads asynchronously, one at a time and some lines at a time, so that no caller waits. At most one more waits; further reads are
 * lost as a whole. If a write fails, the rest of that read is lost.
 */
export class Writer {
  readonly #destination: Destination;
  readonly #events: WriterEvents;
  #waiting: TimedRead | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #abandoned = false;

  constructor(destination: Destination, events: WriterEvents) {
    this.#destination = destination;
    this.#events = events;
  }

  /** Keeps the read until it is written; returns at once. */
  write(read: TimedRead): void {
    if (this.#closed || this.#waiting !== undefined) this.#events.lost(countLines(read), undefined);
    else if (this.#running !== undefined) this.#waiting = read;
    else this.#running = this.#run(read);
  }

  /** See {@link Destination.reopen}. */
  reopen(): void {
    this.#destination.reopen?.();
  }

  /** Writes what is left, for `deadlineMillis` at most, and closes. The rest is lost. */
  async finish(deadlineMillis: number): Promise<void> {
    this.#closed = true;
    await within(deadlineMillis, this.#running);
    this.#abandoned = true;
    const end = async () => {
      await this.#destination.close();
      await this.#running;
      // A file that was just being set aside is open again.
      await this.#destination.close();
    };
    await within(CLOSE_MILLIS, end());
  }

  async #run(first: TimedRead): Promise<void> {
    await setImmediate();
    for (let read: TimedRead | undefined = first; read !== undefined; ) {
      const whole = await this.#writeOne(read);
      read = this.#waiting;
      this.#waiting = undefined;
      if (whole && read === undefined) this.#events.caughtUp();
    }
    this.#running = undefined;
  }

  /** Whether all of it was written. */
  async #writeOne(read: TimedRead): Promise<boolean> {
    let left = countLines(read);
    try {
      this.#destination.begin();
      for (const { count, text } of linesOf(read)) {
        if (this.#abandoned) throw new Error('there was no time left at the end');
        await this.#destination.write(text);
        left -= count;
        this.#events.sent(count);
        // A write that the kernel accepts at once does not yield.
        await setImmediate();
      }
      return true;
    } catch (error) {
      this.#events.lost(left, error as Error);
      return false;
    }
  }
}
