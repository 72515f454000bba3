import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { type Endpoint, formatEndpoint } from '../component/schema.ts';
import type { ServerSettings } from '../component/server_settings.ts';
import { Connections } from './connections.ts';
import { chooseCoding } from './content_coding.ts';
import { Disconnections } from './disconnections.ts';
import { Listeners } from './listeners.ts';
import type { Route } from './route.ts';
import { RouteTable, textAnswer } from './route_table.ts';
import { sendBody } from './send.ts';
import type { ReadyAnswer } from './shared_answers.ts';
import { Turns } from './turns.ts';
import { Unsent } from './unsent.ts';

export interface HttpEndpointOptions {
  readonly endpoint: Endpoint;
  readonly settings: ServerSettings;
  /** Where the user would change the port, such as `exporters::prometheus::endpoint`. */
  readonly configPath: string;
  readonly routes: Readonly<Record<string, Route>>;
  readonly logger: Pick<Logger, 'error' | 'warn' | 'info'>;
}

const METHODS = ['GET', 'HEAD'];
const TOO_MANY = textAnswer(503, 'too many requests at a time; try again in a second');
const RETRY_AFTER_SECONDS = 1;
/** How exactly Node keeps the timeouts of requests. */
const CHECK_MILLIS = 1_000;
/** The longest that an end waits for answers under way: enough for a client that reads. */
const END_MILLIS = 1_000;

/**
 * A small HTTP server for GET requests to known paths. Whatever clients do, memory and time are bounded:
 * connections, requests and bytes that wait, and every step of an exchange have a limit (component/server_settings.ts). Where one
 * is reached, a client that has had its time gives way to a new one.
 */
export class HttpEndpoint {
  readonly #settings: ServerSettings;
  readonly #listeners: Listeners;
  readonly #routes: RouteTable;
  readonly #connections: Connections;
  readonly #turns = new Turns();
  readonly #unsent: Unsent;
  readonly #disconnections: Disconnections;
  readonly #where: string;
  #isStopping = false;

  constructor({ endpoint, settings, configPath, routes, logger }: HttpEndpointOptions) {
    this.#settings = settings;
    this.#listeners = new Listeners({ endpoint, configPath, makeServer: () => this.#makeServer() });
    this.#routes = new RouteTable(routes, logger);
    this.#connections = new Connections(settings.max_connections);
    this.#unsent = new Unsent(settings.max_unsent_megabytes * 1e6);
    this.#disconnections = new Disconnections(logger);
    this.#where = formatEndpoint(endpoint);
  }

  /** The port that it listens on, told by the system where the endpoint's is 0; undefined before `start`. */
  get port(): number | undefined {
    return this.#listeners.port;
  }

  /** @throws ComponentError where it can't listen; nothing listens then. */
  start(): Promise<void> {
    return this.#listeners.start();
  }

  /** Takes no more requests, lets those under way end, and cuts them off after `deadlineMillis`, a second at most. */
  async stop(deadlineMillis: number): Promise<void> {
    this.#isStopping = true;
    const closed = this.#listeners.close();
    this.#connections.endIdle();
    const timer = setTimeout(() => this.#connections.endAll(), Math.min(deadlineMillis, END_MILLIS));
    await closed;
    clearTimeout(timer);
    this.#disconnections.stop();
  }

  #makeServer(): Server {
    const { read_header_timeout: headers, read_timeout: whole, idle_timeout: idle } = this.#settings;
    const server = createServer({
      headersTimeout: Math.min(headers, whole),
      requestTimeout: whole,
      keepAliveTimeout: idle,
      connectionsCheckingInterval: CHECK_MILLIS,
    });
    server.on('connection', (socket) => this.#connect(socket));
    server.on('request', (request, response) => this.#take(request, response));
    // Bodies aren't read, so nobody need send one: the answer comes at once (RFC 9110, 10.1.1).
    server.on('checkContinue', (request, response) => this.#take(request, response));
    return server;
  }

  #connect(socket: Socket): void {
    if (this.#connections.add(socket)) {
      this.#report(`more than max_connections (${this.#settings.max_connections}) clients: idle or slow ones give way`);
    }
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (socket.destroyed || this.#turns.take(socket, () => this.#serve(request, response))) return;
    this.#report('a client sent too many requests without waiting for answers, and was disconnected');
    socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const isRefused = this.#connections.stateOf(socket) === 'refused';
    if (!isRefused) this.#connections.mark(socket, 'waiting');
    const { write_timeout: most } = this.#settings;
    const timer = setTimeout(() => this.#cutOff(socket, most), most);
    const answer = isRefused ? TOO_MANY : await this.#answer(request);
    if (!socket.destroyed) {
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
    if (!METHODS.includes(method)) return textAnswer(405, 'only GET is answered here');
    return this.#routes.answer(url, { headers }, chooseCoding(headers['accept-encoding']));
  }

  async #send(request: IncomingMessage, response: ServerResponse, answer: ReadyAnswer): Promise<void> {
    const { gzip, identity } = answer.bodies;
    const isGzip = gzip !== undefined && chooseCoding(request.headers['accept-encoding']) === 'gzip';
    const body = (isGzip ? gzip : identity) ?? { chunks: [], length: 0 };
    const ended = this.#unsent.add(body, request.socket);
    if (ended === undefined) return this.#send(request, response, TOO_MANY);
    if (ended > 0)
      this.#report('more bytes wait to be read than max_unsent_megabytes: the slowest clients are disconnected', ended);
    response.statusCode = answer.status;
    response.setHeader('Content-Type', answer.contentType);
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('Content-Length', body.length);
    if (isGzip) response.setHeader('Content-Encoding', 'gzip');
    if (answer.status === 405) response.setHeader('Allow', METHODS.join(', '));
    if (answer === TOO_MANY) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    if (answer === TOO_MANY || this.#isStopping || !this.#settings.keep_alives_enabled || hasBody(request)) {
      response.setHeader('Connection', 'close');
    }
    await sendBody(response, request.method === 'HEAD' ? { chunks: [], length: 0 } : body);
    this.#unsent.remove(body, request.socket);
  }

  #cutOff(socket: Socket, millis: number): void {
    this.#report(`a client had not read its answer after ${millis / 1000} s, and was disconnected`);
    socket.destroy();
  }

  #report(cause: string, count?: number): void {
    this.#disconnections.report(`${this.#where}: ${cause}`, count);
  }
}

/** Whether something follows the headers that isn't the next request. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
