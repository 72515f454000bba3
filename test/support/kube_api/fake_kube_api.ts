import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Credentials, certificate } from './credentials.ts';
import { type Fault, Faults } from './faults.ts';
import { discovery, forbidden, type Target, targetOf } from './paths.ts';
import { type KubeObject, Store, type StoredObject, selector } from './store.ts';
import { WatchStream } from './watch_stream.ts';

export type { Fault } from './faults.ts';
export type { KubeObject, StoredObject } from './store.ts';

export interface FakeKubeApiOptions {
  /** Address to listen on. Default: 127.0.0.1. For another, use the kubeconfig, which has the certificate's host name. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  /** Interval between bookmarks of a watch. Default: a minute, as with a real server. */
  readonly bookmarkMillis?: number;
  /** Resources that the cluster doesn't have. Default: `metricsconfigurations`. */
  readonly absent?: readonly string[];
  /** Whether to offer HTTP/2, as real servers do. Default: true. */
  readonly http2?: boolean;
}

export interface ApiRequest {
  /** On the clock of performance.now(). */
  readonly atMillis: number;
  /** `get` is for API discovery. */
  readonly verb: 'list' | 'watch' | 'get';
  readonly resource: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Whether it requests a further page of a list. */
  readonly isPage: boolean;
}

/** A Kubernetes API server over TLS that serves lists and watches from memory, with injected faults. */
export class FakeKubeApi {
  /** All requests for resources, in order. */
  readonly requests: ApiRequest[] = [];
  readonly port: number;
  readonly #credentials: Credentials;
  readonly #server: ReturnType<typeof createSecureServer>;
  readonly #sockets: Set<Socket>;
  readonly #store = new Store();
  readonly #faults = new Faults();
  readonly #watches = new Set<WatchStream>();
  readonly #snapshots = new Map<string, { objects: readonly StoredObject[]; revision: number }>();
  readonly #options: FakeKubeApiOptions;

  static async start(options: FakeKubeApiOptions = {}): Promise<FakeKubeApi> {
    const server = createSecureServer({
      key: certificate('server.key'),
      cert: certificate('server.crt'),
      allowHTTP1: true,
      ...(options.http2 === false && { ALPNProtocols: ['http/1.1'] }),
    });
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    });
    server.on('sessionError', () => {});
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    return new FakeKubeApi(server, sockets, options);
  }

  private constructor(server: ReturnType<typeof createSecureServer>, sockets: Set<Socket>, options: FakeKubeApiOptions) {
    this.#server = server;
    this.#sockets = sockets;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    this.#credentials = new Credentials(this.url);
    server.on('request', (request, response) => {
      // For everything used here, requests and responses of both protocols are alike.
      this.#answer(request as unknown as IncomingMessage, response as unknown as ServerResponse).catch(() => {});
    });
  }

  get url(): string {
    return `https://${this.#options.host ?? '127.0.0.1'}:${this.port}`;
  }

  /** For KUBECONFIG. Its token file is the service account's. */
  get kubeConfigFile(): string {
    return this.#credentials.kubeConfigFile;
  }

  /** A root directory (without a final `/`) with the secrets of a service account, as a pod has them below `/`. */
  get serviceAccountRoot(): string {
    return this.#credentials.directory;
  }

  get tokenFile(): string {
    return this.#credentials.tokenFile;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The number of open watches of one resource, or of all. */
  watches(resource?: string): number {
    return [...this.#watches].filter((watch) => resource === undefined || watch.resource === resource).length;
  }

  /** Creates or replaces an object and notifies the watches. Sets a uid and a version, and returns the object. */
  put(resource: string, object: KubeObject): StoredObject {
    const stored = this.#store.put(resource, object);
    this.#pump();
    return stored;
  }

  /** Deletes an object, by uid, `namespace/name` or (if cluster-scoped) name, and notifies the watches. */
  remove(resource: string, uidOrName: string): boolean {
    const found = this.#store.remove(resource, uidOrName);
    this.#pump();
    return found;
  }

  /** Injects a fault from the next request on, as often as it specifies. */
  fault(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Ends all faults. Hanging connections keep hanging. */
  heal(): void {
    this.#faults.clear();
  }

  /** Requests for older versions get a 410 from now on. */
  compact(): void {
    this.#store.compact();
  }

  /** Ends the open watches, like a server that restarts. */
  closeWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Open watches send nothing any more, as over a connection that a firewall has forgotten. */
  silenceWatches(): void {
    for (const watch of this.#watches) watch.silence();
  }

  /** Resets every connection. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Replaces the token; only the new one is accepted. Writes it to the file by default. */
  rotateToken({ write = true } = {}): string {
    return this.#credentials.rotate(write);
  }

  async close(): Promise<void> {
    this.closeWatches();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#credentials.remove();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.url);
    const target = targetOf(pathname);
    const { absent = ['metricsconfigurations'] } = this.#options;
    const verb = query.get('watch') === 'true' || query.get('watch') === '1' ? 'watch' : 'list';
    const found = discovery(pathname, absent);
    if (target !== undefined) this.#note(verb, target, pathname, query);
    else if (pathname.startsWith('/apis')) this.#note('get', { resource: 'discovery' }, pathname, query);
    if (request.headers.authorization !== `Bearer ${this.#credentials.token}`) return refuse(response, 401, 'Unauthorized');
    if (found !== undefined) {
      const status = this.#faults.takeStatus();
      if (status !== undefined) return refuse(response, status, 'injected failure');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found));
      return;
    }
    if (target === undefined || absent.includes(target.resource)) {
      return refuse(response, 404, 'the server could not find the requested resource');
    }
    const fault = this.#faults.take(verb, target.resource, query.has('continue'));
    if (fault?.kind === 'slow') await sleep(fault.millis, undefined, { ref: false });
    if (fault?.kind === 'reset') return reset(request);
    if (fault?.kind === 'half_open' && verb === 'list') return;
    if (fault?.kind === 'status') {
      const message = fault.code === 403 ? forbidden(verb, target) : 'injected failure';
      return refuse(response, fault.code, message, fault.retryAfterSeconds);
    }
    if (fault?.kind === 'gone' && (verb === 'list' || fault.as === 'status')) return refuse(response, 410, 'too old');
    if (fault?.kind === 'answer') return answer(response, fault);
    if (verb === 'list') return this.#list(response, target, query);
    this.#watch(response, target, query, fault);
  }

  #list(response: ServerResponse, { resource, apiVersion, namespace }: Target, query: URLSearchParams): void {
    const token = query.get('continue');
    const [snapshot = '', from = '0'] = token?.split('.') ?? [`${this.#snapshots.size}`];
    if (token === null) {
      const objects = this.#store.list(resource, selector(query, namespace));
      this.#snapshots.set(snapshot, { objects, revision: this.#store.revision });
    }
    const { objects, revision } = this.#snapshots.get(snapshot) ?? { objects: [], revision: 0 };
    const end = Number(from) + Number(query.get('limit') ?? objects.length);
    const more = end < objects.length ? { continue: `${snapshot}.${end}`, remainingItemCount: objects.length - end } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    const metadata = { resourceVersion: `${revision}`, ...more };
    response.end(JSON.stringify({ kind: 'List', apiVersion, metadata, items: objects.slice(Number(from), end) }));
  }

  #watch(response: ServerResponse, target: Target, query: URLSearchParams, fault: Fault | undefined): void {
    const watch = new WatchStream(
      response,
      this.#store,
      {
        target,
        selects: selector(query, target.namespace),
        fromRevision: Number(query.get('resourceVersion') ?? this.#store.revision),
        bookmarks: query.get('allowWatchBookmarks') === 'true',
        seconds: Number(query.get('timeoutSeconds') ?? 1800),
        fault,
      },
      this.#options.bookmarkMillis ?? 60_000,
    );
    this.#watches.add(watch);
    response.once('close', () => this.#watches.delete(watch));
  }

  #pump(): void {
    for (const watch of this.#watches) watch.pump();
  }

  #note(verb: ApiRequest['verb'], { resource }: Pick<Target, 'resource'>, path: string, query: URLSearchParams): void {
    const isPage = query.has('continue');
    this.requests.push({ atMillis: performance.now(), verb, resource, path, query: Object.fromEntries(query), isPage });
  }
}

function refuse(response: ServerResponse, code: number, message: string, retryAfterSeconds?: number): void {
  const header = retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` };
  response.writeHead(code, { 'content-type': 'application/json', ...header });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }));
}

async function answer(
  response: ServerResponse,
  { status = 200, headers, body }: Extract<Fault, { kind: 'answer' }>,
): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  let isClosed = false;
  const closed = once(response, 'close').then(() => {
    isClosed = true;
  });
  for (const chunk of body()) {
    if (isClosed) return;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
  }
  response.end();
}

function reset(request: IncomingMessage): void {
  const { stream } = request as unknown as { stream?: { session?: { destroy(): void } } };
  if (stream?.session === undefined) request.socket.destroy();
  else stream.session.destroy();
}
