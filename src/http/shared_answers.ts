import { type Bodies, encodeBody } from './body.ts';
import type { ContentCoding } from './content_coding.ts';
import type { HttpAnswer } from './route.ts';

/** A response that is ready to be sent. */
export interface ReadyAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bodies: Bodies;
  /** Headers beside those of every response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response that hasn't been started, with the codings that its requests want. */
interface Pending {
  readonly codings: Set<ContentCoding>;
  readonly ready: Promise<ReadyAnswer>;
}

/**
 * The responses of one route in one variant, made one after the other. A request joins the next response, never the one being made, so
 * everything that happened before the request is included.
 */
export class SharedAnswers {
  readonly #make: () => HttpAnswer | Promise<HttpAnswer>;
  readonly #ready: () => Promise<void>;
  #pending: Pending | undefined;
  /** Settles when no response is being made; never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  /** `ready` resolves when a response may be made. Until then, further requests join it. It never rejects. */
  constructor(make: () => HttpAnswer | Promise<HttpAnswer>, ready: () => Promise<void>) {
    this.#make = make;
    this.#ready = ready;
  }

  /** The next response, with a body in this coding. Rejects with the route's error. */
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
