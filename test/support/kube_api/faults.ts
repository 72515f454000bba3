/** What goes wrong with a request. */
export type FaultKind =
  /** A watch is answered, and closed at once. */
  | { readonly kind: 'close' }
  /** A watch is closed after its next event; where there is none to tell, a known object is told of once more, and then closed. */
  | { readonly kind: 'close_after_event' }
  /** A watch is answered with 410, or with 200 and an ERROR event of 410; a list's next page with 410. */
  | { readonly kind: 'gone'; readonly as?: 'status' | 'event' }
  /** Any answer with this status; `retryAfterSeconds` is a header. Of all resources and verbs, API discovery gives it too. */
  | { readonly kind: 'status'; readonly code: number; readonly retryAfterSeconds?: number }
  /** These bytes in place of the answer, as fast as they are taken; JSON with the status 200 where the headers don't say otherwise. */
  | {
      readonly kind: 'answer';
      /** 200. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: () => Iterable<string | Buffer>;
    }
  /** The answer comes so much later. */
  | { readonly kind: 'slow'; readonly millis: number }
  /** A list is never answered; a watch is, but nothing follows, not even an end. */
  | { readonly kind: 'half_open' }
  /** The connection is reset. */
  | { readonly kind: 'reset' }
  /** Each event of a watch is told twice, the second time after the one that follows it. */
  | { readonly kind: 'duplicates' }
  /** Events that are told at once come in the opposite order. */
  | { readonly kind: 'reordering' };

export type Fault = FaultKind & {
  /** Undefined: both. */
  readonly verb?: 'list' | 'watch';
  /** Such as `pods`; undefined: all. */
  readonly resource?: string;
  /** How many requests; undefined: until `heal`. */
  readonly times?: number;
};

/** The faults that are due. */
export class Faults {
  #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The first of all resources and verbs that is a status. */
  takeStatus(): number | undefined {
    const due = this.#faults.find(
      ({ fault, left }) => left > 0 && fault.kind === 'status' && fault.verb === undefined && fault.resource === undefined,
    );
    if (due === undefined) return undefined;
    due.left -= 1;
    return due.fault.kind === 'status' ? due.fault.code : undefined;
  }

  /** The first that befalls this request, if there is one; it counts as done. */
  take(verb: 'list' | 'watch', resource: string, isPage: boolean): Fault | undefined {
    const due = this.#faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.verb ?? verb) === verb &&
        (fault.resource ?? resource) === resource &&
        !(ofWatches(fault) && verb === 'list' && !(fault.kind === 'gone' && isPage)),
    );
    if (due !== undefined) due.left -= 1;
    return due?.fault;
  }
}

const OF_WATCHES: readonly string[] = ['close', 'close_after_event', 'gone', 'duplicates', 'reordering'];

const ofWatches = ({ kind }: Fault) => OF_WATCHES.includes(kind);
