import type { Logger } from 'pino';
import { visibleLines } from '../component/visible.ts';
import type { ContentCoding } from './content_coding.ts';
import { pathOf } from './request_target.ts';
import type { HttpRequest, Route } from './route.ts';
import { type ReadyAnswer, SharedAnswers } from './shared_answers.ts';

const TEXT = 'text/plain; charset=utf-8';

/** A short text response by the server itself. */
export function textAnswer(status: number, text: string): ReadyAnswer {
  const chunk = Buffer.from(`${visibleLines(text)}\n`);
  return { status, contentType: TEXT, bodies: { identity: { chunks: [chunk], length: chunk.length } } };
}

export interface RouteTableOptions {
  readonly routes: Readonly<Record<string, Route>>;
  readonly logger: Pick<Logger, 'error' | 'info'>;
  /** Resolves when a response may be made. */
  readonly ready: () => Promise<void>;
}

/** The routes by path. */
export class RouteTable {
  readonly #routes: Readonly<Record<string, Route>>;
  readonly #logger: Pick<Logger, 'error' | 'info'>;
  readonly #ready: () => Promise<void>;
  /** By path and variant. */
  readonly #answers = new Map<string, SharedAnswers>();
  /** Paths whose last response failed. */
  readonly #failing = new Set<string>();

  constructor({ routes, logger, ready }: RouteTableOptions) {
    this.#routes = routes;
    this.#logger = logger;
    this.#ready = ready;
  }

  /** Answers a GET. If the route throws, the response is a 500 with the reason. The first failure and the recovery are logged. */
  async answer(target: string, request: HttpRequest, coding: ContentCoding): Promise<ReadyAnswer> {
    const path = pathOf(target);
    const route = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined;
    if (route === undefined) return textAnswer(404, `nothing here; try ${Object.keys(this.#routes).join(' or ')}`);
    try {
      const answer = await this.#answersOf(path, route, route.variant?.(request) ?? '').next(coding);
      if (this.#failing.delete(path)) this.#logger.info(`GET ${path} works again`);
      return answer;
    } catch (error) {
      const isNew = !this.#failing.has(path);
      this.#failing.add(path);
      if (isNew) this.#logger.error({ err: error }, `GET ${path} failed; the client gets a 500 with the reason`);
      return textAnswer(500, error instanceof Error ? error.message : String(error));
    }
  }

  #answersOf(path: string, route: Route, variant: string): SharedAnswers {
    const key = `${path} ${variant}`;
    let answers = this.#answers.get(key);
    if (answers === undefined) {
      answers = new SharedAnswers(() => route.answer(variant), this.#ready);
      this.#answers.set(key, answers);
    }
    return answers;
  }
}
