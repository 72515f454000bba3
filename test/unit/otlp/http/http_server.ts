import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decode, type WireMessage } from '../wire.ts';

/** A push as it came over the wire. */
export interface HttpRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** What was in it, uncompressed. */
  readonly body: Buffer;
  /** Port of the connection's other end. */
  readonly peer: number;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An HTTP server that takes pushes and answers as it is told. */
export class HttpServer {
  readonly requests: HttpRequest[] = [];
  /** `hang` never answers. */
  answer: Answer | 'hang' | ((response: ServerResponse) => void) = {};
  readonly server: Server;

  constructor(tls?: ServerOptions) {
    const listener: RequestListener = (request, response) => void this.#take(request, response);
    this.server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The last push, as a message of protobuf. */
  get message(): WireMessage {
    return decode(this.requests.at(-1)?.body ?? Buffer.alloc(0));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const packed = Buffer.concat(chunks);
    const coding = request.headers['content-encoding'];
    const body = coding === 'gzip' ? gunzipSync(packed) : coding === 'zstd' ? zstdDecompressSync(packed) : packed;
    this.requests.push({ path: request.url ?? '', headers: request.headers, body, peer: request.socket.remotePort ?? 0 });
    const { answer } = this;
    if (answer === 'hang') return;
    if (typeof answer === 'function') answer(response);
    else response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '');
  }
}
