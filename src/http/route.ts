import type { IncomingHttpHeaders } from 'node:http';
import type { Content } from './body.ts';

/** What a path answers with. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** What is long is made piece by piece, and others have their turn in between. */
  readonly body: Content;
}

/** What a route may know of a request. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Makes the answers of one path. Requests share an answer if they came before its making began; at most one is being made at a
 * time, so an answer is as fresh as if each request had one of its own, and many at once cost no more than two.
 */
export interface Route {
  /** Makes one answer, in the variant that the requests asked for. */
  answer(variant: string): HttpAnswer | Promise<HttpAnswer>;
  /**
   * Which of a few variants a request gets, such as the format that its Accept header prefers. Only requests of the same variant
   * share an answer. Left out, there is one variant, the empty string.
   */
  variant?(request: HttpRequest): string;
}
