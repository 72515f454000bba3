import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Large enough for the headers of most requests, or for 30 of the shortest. */
const SLICE_BYTES = 1_024;
const NOTHING = Buffer.alloc(0);

/**
 * A connection that shows Node's HTTP parser at most 1 kB at a time. On the plain socket, the parser would process all 64 kB of a read and
 * create two thousand requests before a client that sends too many could be disconnected.
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

  /** As of net.Socket. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Like net.Socket: emits `timeout` after this time without receiving a byte or sending one. */
  setTimeout(millis: number, listener?: () => void): this {
    this.#socket.setTimeout(millis);
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  /**
   * Discards all further input before the parser sees it: parsing a body of one-byte chunks costs 500 times what receiving it costs. No
   * request can follow. Input is still read, because closing a connection with unread bytes resets it, and the response is lost.
   */
  discard(): void {
    this.#isDiscarding = true;
    this.#rest = NOTHING;
    this.#socket.resume();
  }

  /** Closes it after all written data has been sent. */
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
