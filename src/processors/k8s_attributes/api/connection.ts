import type { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { orAborted } from './abort.ts';
import { ApiFailure, failureOf, refusal } from './failure.ts';

type Query = Readonly<Record<string, string>>;
type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;
type Interceptor = Parameters<Dispatcher['compose']>[0] & ((...given: never[]) => unknown);

/** A list as it comes over the wire, or a page of one. */
export interface Page {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly unknown[];
}

export interface WatchCalls {
  /** The server has answered with 200. */
  opened(): void;
  event(type: string, object: unknown): void;
}

/**
 * The requests of one list and watch, one at a time, over connections of its own that are kept between them. It uses client-node's
 * credentials and Watch, but not the connections that these would open anew for each request and nobody could close.
 */
export class ApiConnection {
  #kubeConfig: KubeConfig;
  readonly #userAgent: string;
  #dispatcher: Dispatcher | undefined;
  /** The header Retry-After of the last response, which Watch doesn't tell. */
  #retryAfter: string | undefined;

  constructor(kubeConfig: KubeConfig, userAgent: string) {
    this.#kubeConfig = kubeConfig;
    this.#userAgent = userAgent;
  }

  /**
   * @throws ApiFailure, also where `signal` is aborted.
   */
  async page(path: string, query: Query, signal: AbortSignal): Promise<Page> {
    try {
      const { RequestContext, HttpMethod } = await import('@kubernetes/client-node');
      const url = new URL(`${this.#kubeConfig.getCurrentCluster()?.server ?? ''}${path}?${new URLSearchParams(query)}`);
      const context = new RequestContext(url.href, HttpMethod.GET);
      await orAborted(this.#authenticate(context), signal);
      const response = await orAborted(
        (context.getDispatcher() as Dispatcher).request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'GET',
          headers: { ...context.getHeaders(), accept: 'application/json' },
          signal,
        }),
        signal,
      );
      const text = await orAborted(response.body.text(), signal);
      if (response.statusCode === 200) return JSON.parse(text) as Page;
      throw refusal(response.statusCode, messageOf(text), this.#retryAfter);
    } catch (error) {
      throw failureOf(error);
    }
  }

  /**
   * Resolves when the watch has ended, whoever ended it.
   *
   * @throws ApiFailure where the server refused, or didn't end it in order.
   */
  async watch(path: string, query: Query, calls: WatchCalls, inactivityMillis: number, signal: AbortSignal): Promise<void> {
    try {
      const { Watch } = await import('@kubernetes/client-node');
      const watch = new Watch(this.#authenticated());
      // Private by its types alone: 30 s without a word, its default, are nothing unusual where little happens.
      Object.assign(watch, { requestTimeoutMs: inactivityMillis });
      let isEnded = false;
      const ended = new Promise<void>((resolve, reject) => {
        const done = (error: unknown) => {
          isEnded = true;
          if (error) reject(error);
          else resolve();
        };
        const event = (type: string, object: unknown) => {
          if (!isEnded && !signal.aborted) calls.event(type, object);
        };
        watch.watch(path, query, event, done).then(() => {
          if (!isEnded && !signal.aborted) calls.opened();
        }, done);
      });
      await orAborted(ended, signal);
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      throw statusCode === undefined ? failureOf(error) : refusal(statusCode, '', this.#retryAfter);
    }
  }

  /** Closes the connections at once; the next request opens a new one, with the certificates that stand in the files then. */
  async reset(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  /** Has tokens read, and plugins asked, anew: client-node goes by what it has for a minute, or as long as the plugin said. */
  renewCredentials(): void {
    const renewed = new (this.#kubeConfig.constructor as new () => KubeConfig)();
    renewed.loadFromOptions(this.#kubeConfig);
    this.#kubeConfig = renewed;
  }

  /** The KubeConfig as Watch uses it, but for the connections. */
  #authenticated(): KubeConfig {
    return Object.create(this.#kubeConfig, {
      applySecurityAuthentication: { value: (context: RequestContext) => this.#authenticate(context) },
    }) as KubeConfig;
  }

  async #authenticate(context: RequestContext): Promise<void> {
    await this.#kubeConfig.applySecurityAuthentication(context);
    context.setHeaderParam('User-Agent', this.#userAgent);
    this.#dispatcher ??= context.getDispatcher();
    if (this.#dispatcher === undefined) throw new ApiFailure('broken', 'the kubeconfig has no CA to trust');
    this.#retryAfter = undefined;
    context.setDispatcher(this.#dispatcher.compose(this.#noteRetryAfter));
  }

  readonly #noteRetryAfter: Interceptor = (dispatch) => (options, handler) =>
    dispatch(
      options,
      new Proxy(handler, {
        get: (target, key) => {
          if (key === 'onResponseStart') {
            const start: NonNullable<typeof target.onResponseStart> = (controller, status, headers, text) => {
              const value = headers['retry-after'];
              this.#retryAfter = Array.isArray(value) ? value[0] : value;
              target.onResponseStart?.(controller, status, headers, text);
            };
            return start;
          }
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    );
}

/** Of a Status object; else the beginning of what there is. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: a proxy's page, perhaps.
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}
