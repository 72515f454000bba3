import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SlicedSocket } from './sliced_socket.ts';

/** What becomes of accepted connections. */
export interface Acceptor {
  /** A new connection. May destroy it. */
  connect(socket: Duplex): void;
  /** A connection has finished its TLS handshake, and is `socket` from now on. */
  replace(before: Duplex, socket: Duplex): void;
}

/** Node's HTTP parser gets each connection wrapped in a SlicedSocket. */
export function accept(server: Server, acceptor: Acceptor): void {
  interpose(server, 'connection', (socket, parse) => {
    const sliced = new SlicedSocket(socket);
    parse(sliced);
    acceptor.connect(sliced);
  });
}

/** The same of an HTTPS server. A connection counts from its beginning, not from the end of its handshake. */
export function acceptTls(server: Server, acceptor: Acceptor): void {
  const open = new Map<string, Socket>();
  interpose(server, 'connection', (socket, shakeHands) => {
    const peer = peerOf(socket);
    if (peer === undefined) return void socket.destroy();
    open.set(peer, socket);
    socket.once('close', () => open.delete(peer));
    acceptor.connect(socket);
    if (!socket.destroyed) shakeHands(socket);
  });
  interpose(server, 'secureConnection', (socket, parse) => {
    const before = open.get(peerOf(socket) ?? '');
    if (before === undefined) return void socket.destroy();
    const sliced = new SlicedSocket(socket);
    acceptor.replace(before, sliced);
    parse(sliced);
  });
}

/** Replaces Node's own listener for new connections. `listen` passes them on to it. */
function interpose(
  server: Server,
  event: 'connection' | 'secureConnection',
  listen: (socket: Socket, next: (socket: Duplex) => void) => void,
): void {
  const [own] = server.listeners(event) as ((socket: Duplex) => void)[];
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => listen(socket, (passed) => own?.call(server, passed)));
}

/** Identifies a connection while it is open, before its handshake and after it. Undefined if the client has gone. */
function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
