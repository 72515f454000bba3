import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Counter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Authenticator } from '../component/authenticator.ts';
import { type Endpoint, formatEndpoint } from '../component/schema.ts';
import type { ServerSettings } from '../component/server_settings.ts';
import { accept, acceptTls } from './accept.ts';
import type { Body } from './body.ts';
import { Connections } from './connections.ts';
import { chooseCoding } from './content_coding.ts';
import { Disconnections } from './disconnections.ts';
import { Guard } from './guard.ts';
import { Listeners } from './listeners.ts';
import type { Route } from './route.ts';
import { RouteTable, textAnswer } from './route_table.ts';
import { Sender } from './sender.ts';
import type { ReadyAnswer } from './shared_answers.ts';
import { SlicedSocket } from './sliced_socket.ts';
import type { TlsFront } from './tls_front.ts';
import { Turns } from './turns.ts';
import { Unsent } from './unsent.ts';

export interface HttpEndpointOptions {
  readonly endpoint: Endpoint;
  readonly settings: ServerSettings;
  /** The key that sets the port, such as `exporters::prometheus::endpoint`. */
  readonly configPath: string;
  readonly routes: Readonly<Record<string, Route>>;
  readonly logger: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** Finds the extension that `auth` names; undefined while it doesn't run. */
  readonly authenticator?: (id: string) => Authenticator | undefined;
  /** Counts clients that are refused, by endpoint and `why`. */
  readonly refused?: Pick<Counter, 'add'>;
}

const METHODS = ['GET', 'HEAD'];
const TOO_MANY: ReadyAnswer = {
  ...textAnswer(503, 'too many concurrent requests; try again in a second'),
  headers: { 'Retry-After': '1' },
};
const NOT_ALLOWED: ReadyAnswer = { ...textAnswer(405, 'only GET is supported here'), headers: { Allow: METHODS.join(', ') } };
const NOTHING: Body = { chunks: [], length: 0 };
/** The precision of Node's request timeouts. */
const CHECK_MILLIS = 1_000;
/** The longest wait for open requests at shutdown. Enough for a client that reads. */
const END_MILLIS = 1_000;

/**
 * A small HTTP server for GET requests to known paths. Memory and time are bounded whatever clients do: connections, requests, unsent bytes
 * and every step of an exchange have a limit (component/server_settings.ts). At a limit, clients that had enough time are disconnected in
 * favour of new ones.
 */
export class HttpEndpoint {
  readonly #settings: ServerSettings;
  readonly #listeners: Listeners;
  readonly #routes: RouteTable;
  readonly #connections: Connections;
  readonly #turns = new Turns();
  readonly #sender = new Sender();
  readonly #unsent: Unsent;
  readonly #disconnections: Disconnections;
  readonly #where: string;
  readonly #options: HttpEndpointOptions;
  readonly #guard: Guard | undefined;
  #front: TlsFront | undefined;
  #isStopping = false;

  constructor(options: HttpEndpointOptions) {
    const { endpoint, settings, configPath, routes, logger } = options;
    this.#options = options;
    this.#settings = settings;
    this.#listeners = new Listeners({ endpoint, configPath, makeServer: () => this.#makeServer() });
    this.#connections = new Connections(settings.max_connections);
    this.#unsent = new Unsent(settings.max_unsent_megabytes * 1e6, (socket) => {
      this.#report('more unsent bytes than max_unsent_megabytes: disconnecting clients that do not read');
      socket.destroy();
    });
    this.#routes = new RouteTable({ routes, logger, ready: () => this.#unsent.room() });
    this.#disconnections = new Disconnections(logger);
    this.#where = formatEndpoint(endpoint);
    this.#guard = this.#makeGuard();
  }

  /** The port that it listens on. The system chooses it if the endpoint's is 0. Undefined before `start`. */
  get port(): number | undefined {
    return this.#listeners.port;
  }

  /** @throws ComponentError if it can't listen, or can't use the files of `tls`. No socket is left open then. */
  async start(): Promise<void> {
    const { tls } = this.#settings;
    if (tls !== undefined) {
      this.#countRefused('tls', 0);
      const { TlsFront } = await import('./tls_front.ts');
      this.#front = await TlsFront.open({
        settings: tls,
        handshakeMillis: this.#headersMillis,
        logger: this.#options.logger,
        onFailed: (cause) => {
          this.#report(cause);
          this.#countRefused('tls');
        },
      });
    }
    await this.#listeners.start();
  }

  /** Accepts no more requests and waits for open ones, for `deadlineMillis` and at most a second. */
  async stop(deadlineMillis: number): Promise<void> {
    this.#isStopping = true;
    const closed = this.#listeners.close();
    this.#connections.endIdle();
    const timer = setTimeout(() => this.#connections.endAll(), Math.min(deadlineMillis, END_MILLIS));
    await closed;
    clearTimeout(timer);
    this.#front?.stop();
    this.#guard?.stop();
    this.#disconnections.stop();
  }

  get #headersMillis(): number {
    return Math.min(this.#settings.read_header_timeout, this.#settings.read_timeout);
  }

  #makeServer(): Server {
    const options = {
      headersTimeout: this.#headersMillis,
      requestTimeout: this.#settings.read_timeout,
      keepAliveTimeout: this.#settings.idle_timeout,
      connectionsCheckingInterval: CHECK_MILLIS,
    };
    const server = this.#front?.makeServer(options) ?? createServer(options);
    const acceptor = {
      connect: (socket: Duplex) => this.#connect(socket),
      replace: (before: Duplex, socket: Duplex) => this.#connections.replace(before, socket),
    };
    if (this.#front === undefined) accept(server, acceptor);
    else acceptTls(server, acceptor);
    server.on('request', (request, response) => this.#take(request, response));
    // Bodies aren't read, so none is requested: the response is sent at once (RFC 9110, 10.1.1).
    server.on('checkContinue', (request, response) => this.#take(request, response));
    return server;
  }

  #connect(socket: Duplex): void {
    if (this.#connections.add(socket)) {
      this.#report(`more clients than max_connections (${this.#settings.max_connections}): closing idle or slow ones`);
    }
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    // Bodies aren't read. The connection is closed after the response.
    if (hasBody(request) && socket instanceof SlicedSocket) socket.discard();
    if (socket.destroyed || this.#turns.take(socket, () => this.#serve(request, response))) return;
    this.#report('disconnected a client that sent too many requests without waiting for responses');
    socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const isRefused = this.#connections.stateOf(socket) === 'refused';
    if (!isRefused) this.#connections.mark(socket, 'waiting');
    const { write_timeout: most } = this.#settings;
    const timer = setTimeout(() => this.#cutOff(socket, most), most);
    const gone = once(response, 'close').then(() => undefined);
    const answer = isRefused ? TOO_MANY : await Promise.race([this.#answer(request), gone]);
    if (answer !== undefined && !socket.destroyed) {
      if (!isRefused) this.#connections.mark(socket, 'sending');
      response.setTimeout(most / 3, () => this.#cutOff(socket, most / 3));
      await this.#send(request, response, answer);
    }
    clearTimeout(timer);
    if (isRefused) return;
    this.#connections.mark(socket, 'idle');
    if (this.#isStopping) socket.destroySoon();
  }

  async #answer(request: IncomingMessage): Promise<ReadyAnswer> {
    const { method = '', url = '/', headers } = request;
    const refusal = await this.#guard?.refusal(request);
    if (refusal !== undefined) return refusal;
    if (!METHODS.includes(method)) return NOT_ALLOWED;
    return this.#routes.answer(url, { headers }, chooseCoding(headers['accept-encoding']));
  }

  async #send(request: IncomingMessage, response: ServerResponse, answer: ReadyAnswer): Promise<void> {
    const { gzip, identity } = answer.bodies;
    const isGzip = gzip !== undefined && chooseCoding(request.headers['accept-encoding']) === 'gzip';
    const body = (isGzip ? gzip : identity) ?? NOTHING;
    if (!this.#unsent.add(body, request.socket)) {
      this.#report('more unsent bytes than max_unsent_megabytes: new requests get a 503');
      return this.#send(request, response, TOO_MANY);
    }
    response.statusCode = answer.status;
    response.setHeader('Content-Type', answer.contentType);
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('Content-Length', body.length);
    if (isGzip) response.setHeader('Content-Encoding', 'gzip');
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    if (answer === TOO_MANY || this.#isStopping || !this.#settings.keep_alives_enabled || hasBody(request)) {
      response.setHeader('Connection', 'close');
    }
    const sent = request.method === 'HEAD' ? NOTHING : body;
    await this.#sender.send(response, sent, () => this.#unsent.progress(body, request.socket));
    this.#unsent.remove(body, request.socket);
  }

  #makeGuard(): Guard | undefined {
    const { settings, logger, authenticator } = this.#options;
    const id = settings.auth?.authenticator;
    if (id === undefined) return undefined;
    this.#countRefused('credentials', 0);
    return new Guard({
      authenticator: () => authenticator?.(id)?.server,
      where: this.#where,
      logger,
      onRefused: () => this.#countRefused('credentials'),
    });
  }

  #countRefused(why: 'credentials' | 'tls', count = 1): void {
    const endpoint = this.#options.configPath.replace(/::\w+$/, '');
    this.#options.refused?.add(count, { endpoint, why });
  }

  #cutOff(socket: Duplex, millis: number): void {
    this.#report(`disconnected a client that had not read its response after ${millis / 1000} s`);
    socket.destroy();
  }

  #report(cause: string): void {
    this.#disconnections.report(`${this.#where}: ${cause}`);
  }
}

/** Whether a request has a body. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
