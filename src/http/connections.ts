import type { Duplex } from 'node:stream';

/**
 * `idle`: no request under way, or one whose headers aren't complete. `waiting`: a request whose answer is being made.
 * `sending`: an answer being sent. `refused`: one too many, which gets a 503.
 */
export type ConnectionState = 'idle' | 'waiting' | 'sending' | 'refused';

/** For so long an answer is sent undisturbed; after that, its connection may have to make room for a new one. */
const UNDISTURBED_MILLIS = 1_000;

/** So many are told that there are too many; the rest are disconnected. */
const MOST_REFUSED = 64;

/** The open connections of an endpoint, at most so many. */
export class Connections {
  readonly #most: number;
  /** By state, with the time since when, by performance.now(); the longest in a state comes first. */
  readonly #open: Readonly<Record<ConnectionState, Map<Duplex, number>>> = {
    idle: new Map(),
    waiting: new Map(),
    sending: new Map(),
    refused: new Map(),
  };

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Takes in a new connection. Where there are too many, one ends that has been without a request for the longest, else the
   * answer that has been sent for the longest, if that is longer than {@link UNDISTURBED_MILLIS}; else the new one is refused.
   *
   * @returns whether there were too many.
   */
  add(socket: Duplex): boolean {
    const { idle, waiting, sending, refused } = this.#open;
    socket.once('close', () => this.#forget(socket));
    const isFull = idle.size + waiting.size + sending.size >= this.#most;
    if (!isFull || this.#makeRoom()) idle.set(socket, performance.now());
    else if (refused.size < MOST_REFUSED) {
      refused.set(socket, performance.now());
      setTimeout(() => socket.destroy(), UNDISTURBED_MILLIS).unref();
    } else socket.destroy();
    return isFull;
  }

  stateOf(socket: Duplex): ConnectionState | undefined {
    for (const [state, sockets] of Object.entries(this.#open)) if (sockets.has(socket)) return state as ConnectionState;
    return undefined;
  }

  /** Notes what an open connection does now. */
  mark(socket: Duplex, state: Exclude<ConnectionState, 'refused'>): void {
    if (socket.destroyed) return;
    this.#forget(socket);
    this.#open[state].set(socket, performance.now());
  }

  /** Ends those whose requests have all been answered. */
  endIdle(): void {
    for (const socket of this.#open.idle.keys()) socket.destroy();
  }

  /** Ends all of them, whatever they are in the middle of. */
  endAll(): void {
    for (const sockets of Object.values(this.#open)) for (const socket of sockets.keys()) socket.destroy();
  }

  #makeRoom(): boolean {
    const [idle] = this.#open.idle.keys();
    const [sending] = this.#open.sending;
    const isSlow = sending !== undefined && performance.now() - sending[1] >= UNDISTURBED_MILLIS;
    const gone = idle ?? (isSlow ? sending[0] : undefined);
    if (gone === undefined) return false;
    gone.destroy();
    this.#forget(gone);
    return true;
  }

  #forget(socket: Duplex): void {
    for (const sockets of Object.values(this.#open)) sockets.delete(socket);
  }
}
