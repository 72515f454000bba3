import type { IncomingHttpHeaders } from 'node:http';
import type { Content } from './body.ts';

/** The response of a path. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** A long body is made piece by piece, so that other work can run in between. */
  readonly body: Content;
}

/** The part of a request that a route may read. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Makes the responses of one path. Requests that arrive before a response is started share it, and only one is made at a time. So each
 * request gets a fresh response, and many concurrent requests cost no more than two.
 */
export interface Route {
  /** Makes one response in the requested variant. */
  answer(variant: string): HttpAnswer | Promise<HttpAnswer>;
  /**
   * The variant for a request, one of a few, such as the format that its Accept header prefers. Only requests of the same variant share a
   * response. Default: one variant, the empty string.
   */
  variant?(request: HttpRequest): string;
}
