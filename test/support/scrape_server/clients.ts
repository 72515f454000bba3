import { once } from 'node:events';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';

const HOST = '127.0.0.1';
export const GET = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A raw connection. Errors caused by the peer are ignored. It doesn't read until requested. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST });
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

export function dialAll(count: number, port: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => dial(port)));
}

export function hangUp(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

/** Connections that send this text and never read. */
export async function askAndNeverRead(count: number, port: number, text = GET): Promise<Socket[]> {
  const sockets = await dialAll(count, port);
  for (const socket of sockets) socket.pause().write(text);
  return sockets;
}

export interface Timed {
  readonly status: number | undefined;
  readonly bytes: number;
  readonly millis: number;
  readonly retryAfter: string | undefined;
}

/** A well-behaved client: uses its own connection and reads at once. */
export function fetchTimed(port: number, path: string, headers: Record<string, string> = {}): Promise<Timed> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = get({ host: HOST, port, path, headers, agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        const millis = performance.now() - began;
        resolve({ status: response.statusCode, bytes, millis, retryAfter: response.headers['retry-after'] });
      });
    });
    request.on('error', reject);
  });
}
