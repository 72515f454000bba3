import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Room for the headers of most requests, or for 30 of the shortest. */
const SLICE_BYTES = 1_024;
const NOTHING = Buffer.alloc(0);

/**
 * A connection of which Node's HTTP parser sees at most 1 kB at a time. On the socket itself it would parse all 64 kB that the system
 * hands over, and make two thousand requests of them, before anybody could end a connection that sends too many.
 */
export class SlicedSocket extends Duplex {
  readonly #socket: Socket;
  #rest: Buffer = NOTHING;
  #hasEnded = false;
  #isDiscarding = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: SLICE_BYTES });
    this.#socket = socket;
    socket.on('data', (data: Buffer) => {
      if (this.#isDiscarding) return;
      socket.pause();
      this.#rest = data;
      this.#push();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      if (this.#rest.length === 0 && !this.#isDiscarding) this.push(null);
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** As net.Socket has it: `timeout` is emitted where for so long nothing was received, and no byte of what is being sent was taken. */
  setTimeout(millis: number, listener?: () => void): this {
    this.#socket.setTimeout(millis);
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  /**
   * Throws away all that is still to be received, so that the parser sees nothing of it: a body of one-byte chunks costs it 500 times what
   * it costs to receive. No request can follow. It is read on, because a connection closed with unread bytes is reset, answer and all.
   */
  discard(): void {
    this.#isDiscarding = true;
    this.#rest = NOTHING;
    this.#socket.resume();
  }

  /** Ends it when all that was written has been sent. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    if (this.#isDiscarding) return;
    if (this.#rest.length > 0) this.#push();
    else if (this.#hasEnded) this.push(null);
    else this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#rest = NOTHING;
    this.#socket.destroy();
    callback(error);
  }

  #push(): void {
    const slice = this.#rest.subarray(0, SLICE_BYTES);
    this.#rest = this.#rest.subarray(SLICE_BYTES);
    this.push(slice);
  }
}
