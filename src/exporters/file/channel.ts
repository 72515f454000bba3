import type { Writable } from 'node:stream';
import type { Destination } from './writer.ts';

const CLOSED = 'the connection was closed';

/**
 * A live reader behind a stream. Connects when there is something to write, and reconnects at a later read after the reader has gone away.
 * The unsent part of a read isn't written to the next reader, whose first line is complete. (Data that one reader of a FIFO leaves in the
 * kernel's buffer goes to the next one, if that connects before the next read.)
 */
export class Channel implements Destination {
  readonly #connect: () => Promise<Writable>;
  readonly #shared: boolean;
  #stream: Writable | undefined;
  #beginning = true;
  #closed = false;
  /** Ends the write that is under way. */
  #abandon: (() => void) | undefined;

  /** `shared`: the stream is used by others too, and never destroyed. */
  constructor(connect: () => Promise<Writable>, ownership: 'own' | 'shared' = 'own') {
    this.#connect = connect;
    this.#shared = ownership === 'shared';
  }

  begin(): void {
    this.#beginning = true;
  }

  async write(lines: string): Promise<void> {
    const first = this.#beginning;
    this.#beginning = false;
    if (first && this.#stream !== undefined) {
      // That the reader has gone since the last read shows only now, and another may be there.
      const gone = await this.#send(this.#stream, lines).then(
        () => false,
        () => true,
      );
      if (!gone) return;
    }
    if (this.#closed) throw new Error(CLOSED);
    await this.#send(this.#stream ?? (await this.#open()), lines);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#abandon?.();
    if (this.#stream !== undefined) this.#drop(this.#stream);
    return Promise.resolve();
  }

  async #open(): Promise<Writable> {
    const stream = await this.#connect();
    this.#stream = stream;
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
    return stream;
  }

  /** Resolves once the kernel has it all. */
  async #send(stream: Writable, lines: string): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        const onClose = () => reject(new Error(CLOSED));
        this.#abandon = onClose;
        stream.once('close', onClose);
        stream.write(lines, (error) => {
          stream.off('close', onClose);
          // A stream that is destroyed in the middle of a write doesn't call that an error.
          if (error || stream.destroyed) reject(error ?? new Error(CLOSED));
          else resolve();
        });
      });
    } catch (error) {
      this.#drop(stream);
      throw error;
    }
  }

  #drop(stream: Writable): void {
    if (this.#stream === stream) this.#stream = undefined;
    if (!this.#shared) stream.destroy();
  }
}

/** Errors reach the writer through its `write`. They are also emitted as events, which would end the process without a listener. */
function ignore(): void {}
