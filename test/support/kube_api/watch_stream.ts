import type { ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import type { Target } from './paths.ts';
import type { Event, Selects, Store } from './store.ts';

export interface WatchRequest {
  readonly target: Target;
  readonly selects: Selects;
  readonly fromRevision: number;
  readonly bookmarks: boolean;
  readonly seconds: number;
  readonly fault: Fault | undefined;
}

/** One open watch. */
export class WatchStream {
  readonly resource: string;
  readonly #response: ServerResponse;
  readonly #store: Store;
  readonly #request: WatchRequest;
  readonly #timers: NodeJS.Timeout[] = [];
  #revision: number;
  #silent = false;

  constructor(response: ServerResponse, store: Store, request: WatchRequest, bookmarkMillis: number) {
    this.resource = request.target.resource;
    this.#response = response;
    this.#store = store;
    this.#request = request;
    this.#revision = request.fromRevision;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.#timers.push(setTimeout(() => this.end(), request.seconds * 1000));
    if (request.bookmarks) this.#timers.push(setInterval(() => this.#bookmark(), bookmarkMillis));
    response.once('close', () => this.#clear());
    this.#begin();
  }

  /** Sends the changes since the last call. */
  pump(): void {
    if (this.#silent) return;
    const { target, selects } = this.#request;
    const events = this.#store.eventsAfter(this.#revision, target.resource, selects);
    this.#revision = this.#store.revision;
    if (events === undefined) this.#gone();
    else this.#tell(events);
  }

  end(): void {
    this.#clear();
    this.#response.end();
  }

  /** Stops sending, but keeps the connection. */
  silence(): void {
    this.#silent = true;
    this.#clear();
  }

  #begin(): void {
    const { fault } = this.#request;
    if (fault?.kind === 'close') this.end();
    else if (fault?.kind === 'half_open') this.silence();
    else if (fault?.kind === 'gone') this.#gone();
    else if (fault?.kind === 'close_after_event') this.#tellOne();
    else this.pump();
  }

  #tellOne(): void {
    const { target, selects } = this.#request;
    const known = this.#store.list(target.resource, selects)[0];
    const events = this.#store.eventsAfter(this.#revision, target.resource, selects) ?? [];
    const event = events[0] ?? (known === undefined ? undefined : { type: 'MODIFIED' as const, object: known });
    if (event !== undefined) this.#write(event.type, event.object);
    this.end();
  }

  #tell(events: readonly Event[]): void {
    const { fault } = this.#request;
    const told = fault?.kind === 'reordering' ? events.toReversed() : events;
    for (const [at, { type, object }] of told.entries()) {
      this.#write(type, object);
      const before = fault?.kind === 'duplicates' ? (told[at - 1] ?? told[at]) : undefined;
      if (before !== undefined) this.#write(before.type, before.object);
    }
  }

  #gone(): void {
    const message = 'too old resource version: 1 (2)';
    this.#write('ERROR', { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason: 'Expired', code: 410 });
    this.end();
  }

  #bookmark(): void {
    this.pump();
    const metadata = { resourceVersion: `${this.#store.revision}`, creationTimestamp: null };
    this.#write('BOOKMARK', { apiVersion: this.#request.target.apiVersion, metadata });
  }

  #write(type: string, object: object): void {
    if (!this.#response.writableEnded) this.#response.write(`${JSON.stringify({ type, object })}\n`);
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
