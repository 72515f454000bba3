import type { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { beginningOf } from '../component/beginning_of.ts';
import { SentSecrets } from '../component/sent_secrets.ts';
import { serverMessage } from '../component/server_message.ts';
import { orAborted } from './abort.ts';
import { BoundedText } from './bounded_text.ts';
import { ApiFailure, failureOf, refusal } from './failure.ts';
import { LIMITS, type Limits } from './limits.ts';
import { LineSplitter } from './line_splitter.ts';
import { ListSplitter } from './list_splitter.ts';

type Query = Readonly<Record<string, string>>;
type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;
type Body = Awaited<ReturnType<Dispatcher['request']>>['body'];

/** Metadata of a list, or of one page. */
export interface ListMetadata {
  readonly resourceVersion: string;
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

export interface WatchCalls {
  /** The server has answered with 200. */
  opened(): void;
  event(type: string, object: unknown): void;
}

/** No more than this is read of an error's text. */
const ERROR_BYTES = 16_384;

/**
 * Sends the requests of one list and watch, one at a time, over its own connections, which are kept open between requests. It uses
 * client-node's credentials and TLS, but not its Watch: that reads lines of any length and ignores invalid JSON.
 */
export class ApiConnection {
  #kubeConfig: KubeConfig;
  readonly #userAgent: string;
  readonly #limits: Limits;
  #dispatcher: Dispatcher | undefined;

  constructor(kubeConfig: KubeConfig, userAgent: string, limits: Limits = LIMITS) {
    this.#kubeConfig = kubeConfig;
    this.#userAgent = userAgent;
    this.#limits = limits;
  }

  /**
   * Reads a list, or one page, and passes each object to `item` as it arrives.
   *
   * @throws ApiFailure, also if `signal` is aborted.
   */
  async page(path: string, query: Query, item: (object: unknown) => void, signal: AbortSignal): Promise<ListMetadata> {
    const splitter = new ListSplitter(this.#limits, item);
    await this.#read(path, query, splitter, signal);
    const { metadata, items } = (splitter.end() ?? {}) as {
      metadata?: { resourceVersion?: unknown; continue?: unknown } | null;
      items?: unknown;
    };
    const { resourceVersion, continue: next } = metadata ?? {};
    // An API server may write null instead of an empty list.
    if (typeof resourceVersion !== 'string' || resourceVersion === '' || items === undefined) {
      throw new ApiFailure('broken', 'the response is not a list of Kubernetes objects');
    }
    return { resourceVersion, next: typeof next === 'string' && next !== '' ? next : undefined };
  }

  /**
   * Resolves when the server has ended the watch normally.
   *
   * @throws ApiFailure if it was refused or ended in any other way.
   */
  async watch(path: string, query: Query, calls: WatchCalls, signal: AbortSignal): Promise<void> {
    const splitter = new LineSplitter(this.#limits, (event) => {
      const { type, object } = (event ?? {}) as { type?: unknown; object?: unknown };
      if (typeof type !== 'string') throw new ApiFailure('broken', 'a watch event has no type');
      if (!signal.aborted) calls.event(type, object);
    });
    await this.#read(path, { ...query, watch: 'true' }, splitter, signal, calls.opened);
    splitter.end();
  }

  /**
   * Reads a document that is not a list of objects, such as one of API discovery.
   *
   * @throws ApiFailure, also if `signal` is aborted.
   */
  async document(path: string, signal: AbortSignal): Promise<unknown> {
    const text = new BoundedText(this.#limits, 'the response');
    await this.#read(path, {}, { write: (chunk) => text.add(chunk) }, signal);
    try {
      return JSON.parse(text.take());
    } catch {
      throw new ApiFailure('broken', 'the response is not JSON');
    }
  }

  /** Closes the connections at once. The next request opens a new one and reads the certificate files again. */
  async reset(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  /** Reads tokens and runs plugins again. client-node caches them for a minute, or for as long as the plugin says. */
  renewCredentials(): void {
    const renewed = new (this.#kubeConfig.constructor as new () => KubeConfig)();
    renewed.loadFromOptions(this.#kubeConfig);
    this.#kubeConfig = renewed;
  }

  async #read(
    path: string,
    query: Query,
    into: { write(chunk: Buffer): void },
    signal: AbortSignal,
    opened?: () => void,
  ): Promise<void> {
    try {
      const body = await this.#open(path, query, signal);
      if (!signal.aborted) opened?.();
      await orAborted(
        readBody(body, signal, (chunk) => into.write(chunk)),
        signal,
      );
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Returns the body of a JSON response with status 200. */
  async #open(path: string, query: Query, signal: AbortSignal): Promise<Body> {
    const { RequestContext, HttpMethod } = await import('@kubernetes/client-node');
    const search = new URLSearchParams(query).toString();
    const url = new URL(`${this.#kubeConfig.getCurrentCluster()?.server ?? ''}${path}${search && `?${search}`}`);
    const context = new RequestContext(url.href, HttpMethod.GET);
    await orAborted(this.#kubeConfig.applySecurityAuthentication(context), signal);
    context.setHeaderParam('User-Agent', this.#userAgent);
    this.#dispatcher ??= context.getDispatcher();
    if (this.#dispatcher === undefined) throw new ApiFailure('broken', 'the kubeconfig has no CA to trust');
    const asked = this.#dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { ...context.getHeaders(), accept: 'application/json' },
      // The signal carries the caller's deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    });
    const { statusCode, headers, body } = await orAborted(asked, signal);
    if (statusCode !== 200) {
      const text = `${await orAborted(beginningOf(body, ERROR_BYTES, signal), signal)}`;
      const secrets = new SentSecrets(Object.values(context.getHeaders()));
      throw refusal(statusCode, serverMessage(text, secrets), textOf(headers['retry-after']));
    }
    const problem = unreadable(textOf(headers['content-type']), textOf(headers['content-encoding']));
    if (problem !== undefined) {
      body.destroy();
      throw new ApiFailure('broken', problem);
    }
    return body;
  }
}

async function readBody(body: Body, signal: AbortSignal, write: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of body) {
    if (signal.aborted) return;
    write(chunk as Buffer);
  }
}

/** Why a response can't be read, if so. We request no compression, and decompress nothing. */
function unreadable(type = '', encoding = 'identity'): string | undefined {
  if (!/^application\/json\b/i.test(type)) return `the API server returned ${type === '' ? 'no content type' : type}, not JSON`;
  return encoding === 'identity' ? undefined : `the API server returned ${encoding} encoding, which was not requested`;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
