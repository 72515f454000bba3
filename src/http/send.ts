import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Body } from './body.ts';

/** Sends a body as fast as the client reads; resolves when the system has taken the last byte, or the connection has ended. */
export async function sendBody(response: ServerResponse, body: Body): Promise<void> {
  try {
    await pipeline(Readable.from(body.chunks, { objectMode: false }), response);
  } catch {
    // The client went away, or was disconnected.
  }
}
