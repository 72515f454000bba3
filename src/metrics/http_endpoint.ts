import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { ComponentError } from '../component/errors.ts';
import { type Endpoint, formatEndpoint } from '../component/schema.ts';

/** What a path answers with. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Text, or pieces of it: what is long goes out piece by piece, so that it needn't be in memory as a whole. */
  readonly body: string | Iterable<string>;
}

export interface HttpEndpointOptions {
  readonly endpoint: Endpoint;
  /** Where the user would change the port, such as `exporters::prometheus::endpoint`. */
  readonly configPath: string;
  /** Paths with what makes their answers. */
  readonly routes: Readonly<Record<string, () => HttpAnswer | Promise<HttpAnswer>>>;
}

const compress = promisify(gzip);
const TEXT = 'text/plain; charset=utf-8';

/** A small HTTP server for GET requests to known paths. `localhost` is both 127.0.0.1 and ::1, where there is one. */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  readonly #servers: Server[] = [];

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
  }

  /** The port that it listens on, told by the system where the endpoint's is 0; undefined before `start`. */
  get port(): number | undefined {
    return (this.#servers[0]?.address() as AddressInfo | null | undefined)?.port;
  }

  /** @throws ComponentError where it can't listen; nothing listens then. */
  async start(): Promise<void> {
    const { host, port } = this.#options.endpoint;
    // An empty host is every address; Node listens on :: for both families, or on 0.0.0.0 where there is no IPv6.
    const hosts = host === '' ? [undefined] : host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
    for (const [index, address] of hosts.entries()) {
      const server = createServer((request, response) => void this.#answer(request, response));
      try {
        await listen(server, this.port ?? port, address);
        this.#servers.push(server);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (index > 0 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
        await this.stop(0);
        throw new ComponentError(this.#why(code ?? String(error)));
      }
    }
  }

  /** Takes no more requests, lets those under way end, and cuts them off after `deadlineMillis`. */
  async stop(deadlineMillis: number): Promise<void> {
    const servers = this.#servers.splice(0);
    const timer = setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, deadlineMillis);
    await Promise.all(
      servers.map((server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeIdleConnections();
        return closed;
      }),
    );
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#route(request).catch((error: unknown) => ({
      status: 500,
      contentType: TEXT,
      body: `${error instanceof Error ? error.message : String(error)}\n`,
    }));
    response.statusCode = answer.status;
    response.setHeader('Content-Type', answer.contentType);
    response.setHeader('Vary', 'Accept-Encoding');
    const isGzip = acceptsGzip(request.headers['accept-encoding']);
    if (typeof answer.body !== 'string') {
      await sendPieces(response, answer.body, { isGzip, isHead: request.method === 'HEAD' });
      return;
    }
    let body = Buffer.from(answer.body);
    if (body.length > 1024 && isGzip) {
      body = await compress(body, { level: 1 });
      response.setHeader('Content-Encoding', 'gzip');
    }
    response.setHeader('Content-Length', body.length);
    // A connection kept alive would hold up stop().
    if (this.#servers.length === 0) response.setHeader('Connection', 'close');
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #route(request: IncomingMessage): Promise<HttpAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, contentType: TEXT, body: 'only GET is answered here\n' };
    }
    const { routes } = this.#options;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route !== undefined) return route();
    return { status: 404, contentType: TEXT, body: `nothing here; try ${Object.keys(routes).join(' or ')}\n` };
  }

  #why(code: string): string {
    const { endpoint, configPath } = this.#options;
    const where = `can't listen on ${formatEndpoint(endpoint)}`;
    const change = `set ${configPath} to another`;
    if (code === 'EADDRINUSE') return `${where}: another process has port ${endpoint.port}; stop it, or ${change}`;
    if (code === 'EACCES') return `${where}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, or ${change}`;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      return `${where}: this host has no such address; ${change}`;
    }
    return `${where}: ${code}; ${change}`;
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }), ...(host === '::1' ? { ipv6Only: true } : {}) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Its length isn't known before its end, so it is chunked. A peer that goes away has what it wanted. */
async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<string>,
  { isGzip, isHead }: { readonly isGzip: boolean; readonly isHead: boolean },
): Promise<void> {
  if (isGzip) response.setHeader('Content-Encoding', 'gzip');
  const source = Readable.from(isHead ? [] : pieces, { objectMode: false });
  const sent = isGzip && !isHead ? pipeline(source, createGzip({ level: 1 }), response) : pipeline(source, response);
  await sent.catch(() => response.destroy());
}

/** Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3): named, and not at q=0. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  const codings = String(header ?? '').split(',');
  return codings.some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding));
}
