import type { Socket } from 'node:net';
import type { Body } from './body.ts';
import { UNDISTURBED_MILLIS } from './connections.ts';

/** Bodies up to here aren't worth counting: those of all connections together are small. */
const SMALL_BYTES = 4_096;

interface Sending {
  readonly sockets: Set<Socket>;
  readonly sinceMillis: number;
}

/**
 * The bodies being sent, at most so many bytes together: each counts once, however many connections share it, and whole until
 * the last of them has it.
 */
export class Unsent {
  readonly #most: number;
  /** The one that has been sent for the longest comes first. */
  readonly #sending = new Map<Body, Sending>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /**
   * Takes in a body that is about to be sent. Where there are too many bytes, those who have been reading for the longest are
   * disconnected, if that is longer than {@link UNDISTURBED_MILLIS}. One body alone may have any length.
   *
   * @returns how many had to be disconnected, or undefined where the body must not be sent.
   */
  add(body: Body, socket: Socket): number | undefined {
    if (body.length <= SMALL_BYTES) return 0;
    const known = this.#sending.get(body);
    if (known !== undefined) {
      known.sockets.add(socket);
      return 0;
    }
    let ended = 0;
    for (const [oldest, { sockets, sinceMillis }] of this.#sending) {
      if (this.#bytes + body.length <= this.#most) break;
      if (Date.now() - sinceMillis < UNDISTURBED_MILLIS) return undefined;
      for (const each of sockets) each.destroy();
      ended += sockets.size;
      this.#forget(oldest);
    }
    this.#sending.set(body, { sockets: new Set([socket]), sinceMillis: Date.now() });
    this.#bytes += body.length;
    return ended;
  }

  /** A connection has it, or has ended. */
  remove(body: Body, socket: Socket): void {
    const sockets = this.#sending.get(body)?.sockets;
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#forget(body);
  }

  #forget(body: Body): void {
    if (this.#sending.delete(body)) this.#bytes -= body.length;
  }
}
