import type { Duplex } from 'node:stream';
import type { Body } from './body.ts';

/** Smaller bodies aren't counted. Even those of all connections together are small. */
const SMALL_BYTES = 4_096;
/** A client that reads nothing for this long may be disconnected to make room. */
const STALLED_MILLIS = 500;
/** The longest wait of the next response for room. */
const PATIENCE_MILLIS = 500;

/**
 * The bodies being sent, up to a total size. Each body counts once, however many connections share it, and with its full size until the
 * last of them has received it.
 */
export class Unsent {
  readonly #most: number;
  readonly #onStalled: (socket: Duplex) => void;
  /** The readers of each body, and when each last accepted data. The oldest body comes first. */
  readonly #readers = new Map<Body, Map<Duplex, number>>();
  #waiting: (() => void)[] = [];
  #bytes = 0;

  /** `onStalled` is called to disconnect a client that blocks others. */
  constructor(mostBytes: number, onStalled: (socket: Duplex) => void) {
    this.#most = mostBytes;
    this.#onStalled = onStalled;
  }

  /** Waits briefly while more than half of the size is used. Meanwhile readers finish, and more requests join the next response. */
  async room(): Promise<void> {
    if (this.#isRoomFor(this.#most / 2)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      setTimeout(resolve, PATIENCE_MILLIS);
    });
  }

  /** Adds a body that is about to be sent. False if there is no room. A single body may have any size. */
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

  /** A client has accepted more of it. */
  progress(body: Body, socket: Duplex): void {
    const readers = this.#readers.get(body);
    if (readers?.has(socket)) readers.set(socket, performance.now());
  }

  /** A client has received it, or has disconnected. */
  remove(body: Body, socket: Duplex): void {
    const readers = this.#readers.get(body);
    readers?.delete(socket);
    if (readers?.size !== 0) return;
    this.#readers.delete(body);
    this.#bytes -= body.length;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Disconnects stalled clients if needed to make room. */
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
