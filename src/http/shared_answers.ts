import { type Bodies, encodeBody } from './body.ts';
import type { ContentCoding } from './content_coding.ts';
import type { HttpAnswer } from './route.ts';

/** An answer that is ready to be sent. */
export interface ReadyAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bodies: Bodies;
}

/** An answer that hasn't begun, with the codings that its requests want. */
interface Pending {
  readonly codings: Set<ContentCoding>;
  readonly ready: Promise<ReadyAnswer>;
}

/**
 * The answers of one route in one variant, made one after the other. A request joins the answer that comes next, never the one
 * being made: what happened before the request is in its answer.
 */
export class SharedAnswers {
  readonly #make: () => HttpAnswer | Promise<HttpAnswer>;
  readonly #ready: () => Promise<void>;
  #pending: Pending | undefined;
  /** Settles when nothing is being made; never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  /** `ready` resolves when an answer may be made; until then, requests go on joining it. It never rejects. */
  constructor(make: () => HttpAnswer | Promise<HttpAnswer>, ready: () => Promise<void>) {
    this.#make = make;
    this.#ready = ready;
  }

  /** The next answer, with a body in this coding among its bodies. Rejects with what the route throws. */
  next(coding: ContentCoding): Promise<ReadyAnswer> {
    this.#pending ??= this.#queue();
    this.#pending.codings.add(coding);
    return this.#pending.ready;
  }

  #queue(): Pending {
    const codings = new Set<ContentCoding>();
    const ready = this.#last.then(this.#ready).then(() => {
      this.#pending = undefined;
      return this.#answer(codings);
    });
    this.#last = ready.catch(() => {});
    return { codings, ready };
  }

  async #answer(codings: ReadonlySet<ContentCoding>): Promise<ReadyAnswer> {
    const { status, contentType, body } = await this.#make();
    return { status, contentType, bodies: await encodeBody(body, codings) };
  }
}
