import type { Duplex } from 'node:stream';

/**
 * `idle`: no request, or one with incomplete headers. `waiting`: the response is being made. `sending`: the response is being sent.
 * `refused`: over the limit; gets a 503.
 */
export type ConnectionState = 'idle' | 'waiting' | 'sending' | 'refused';

/** A connection may send a response this long. After that, it may have to make room for a new one. */
const UNDISTURBED_MILLIS = 1_000;

/** This many connections over the limit get a 503. The rest are closed. */
const MOST_REFUSED = 64;

/** The open connections of an endpoint, up to a limit. */
export class Connections {
  readonly #most: number;
  /** By state, with the time of the change by performance.now(). The oldest comes first. */
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
   * Adds a new connection. At the limit, it closes the connection that has been idle the longest, else the one that has been sending the
   * longest if that is more than {@link UNDISTURBED_MILLIS}; else it refuses the new one.
   *
   * @returns whether the limit was reached.
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

  /** Counts `socket` in place of `before`, which is the same connection before its TLS handshake. */
  replace(before: Duplex, socket: Duplex): void {
    socket.once('close', () => this.#forget(socket));
    for (const sockets of Object.values(this.#open)) {
      const sinceMillis = sockets.get(before);
      if (sinceMillis === undefined) continue;
      sockets.delete(before);
      sockets.set(socket, sinceMillis);
    }
  }

  stateOf(socket: Duplex): ConnectionState | undefined {
    for (const [state, sockets] of Object.entries(this.#open)) if (sockets.has(socket)) return state as ConnectionState;
    return undefined;
  }

  /** Sets the state of an open connection. */
  mark(socket: Duplex, state: Exclude<ConnectionState, 'refused'>): void {
    if (socket.destroyed) return;
    this.#forget(socket);
    this.#open[state].set(socket, performance.now());
  }

  /** Closes the connections without open requests. */
  endIdle(): void {
    for (const socket of this.#open.idle.keys()) socket.destroy();
  }

  /** Closes all connections. */
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
