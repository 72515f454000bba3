import type { Duplex } from 'node:stream';
import type { Body } from './body.ts';

/** Bodies up to here aren't worth counting: those of all connections together are small. */
const SMALL_BYTES = 4_096;
/** A client that takes nothing for so long may have to make room. */
const STALLED_MILLIS = 500;
/** The longest that the next text waits for room. */
const PATIENCE_MILLIS = 500;

/**
 * The bodies being sent, at most so many bytes together: each counts once, however many connections share it, and whole until
 * the last of them has it.
 */
export class Unsent {
  readonly #most: number;
  readonly #onStalled: (socket: Duplex) => void;
  /** Who reads a body, and when something of it was taken last. The body that has been sent for the longest comes first. */
  readonly #readers = new Map<Body, Map<Duplex, number>>();
  #waiting: (() => void)[] = [];
  #bytes = 0;

  /** `onStalled` has a client disconnected that is in the way. */
  constructor(mostBytes: number, onStalled: (socket: Duplex) => void) {
    this.#most = mostBytes;
    this.#onStalled = onStalled;
  }

  /** Waits a moment where half of the room is taken: those who read leave, and more requests join the next text. */
  async room(): Promise<void> {
    if (this.#isRoomFor(this.#most / 2)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      setTimeout(resolve, PATIENCE_MILLIS);
    });
  }

  /** Takes in a body that is about to be sent; false where there is no room for it. One alone may have any length. */
  add(body: Body, socket: Duplex): boolean {
    if (body.length <= SMALL_BYTES) return true;
    const known = this.#readers.get(body);
    if (known === undefined) {
      if (!this.#isRoomFor(body.length)) return false;
      this.#readers.set(body, new Map([[socket, performance.now()]]));
      this.#bytes += body.length;
    } else known.set(socket, performance.now());
    return true;
  }

  /** A client has taken more of it. */
  progress(body: Body, socket: Duplex): void {
    const readers = this.#readers.get(body);
    if (readers?.has(socket)) readers.set(socket, performance.now());
  }

  /** A client has it, or has ended. */
  remove(body: Body, socket: Duplex): void {
    const readers = this.#readers.get(body);
    readers?.delete(socket);
    if (readers?.size !== 0) return;
    this.#readers.delete(body);
    this.#bytes -= body.length;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Makes room, if need be, by disconnecting the clients that take nothing. */
  #isRoomFor(length: number): boolean {
    const before = performance.now() - STALLED_MILLIS;
    for (const [body, readers] of this.#readers) {
      if (this.#bytes + length <= this.#most) break;
      for (const [socket, tookMillis] of readers) {
        if (tookMillis > before) continue;
        this.#onStalled(socket);
        this.remove(body, socket);
      }
    }
    return this.#bytes === 0 || this.#bytes + length <= this.#most;
  }
}
