/** The faults of a request. */
export type FaultKind =
  /** A watch is accepted and closed at once. */
  | { readonly kind: 'close' }
  /** A watch is closed after its next event. If there is none, a known object is sent again first. */
  | { readonly kind: 'close_after_event' }
  /** A watch gets a 410, or a 200 and an ERROR event of 410; a list's next page gets a 410. */
  | { readonly kind: 'gone'; readonly as?: 'status' | 'event' }
  /** Any response with this status; `retryAfterSeconds` is a header. A fault of all resources and verbs affects API discovery too. */
  | { readonly kind: 'status'; readonly code: number; readonly retryAfterSeconds?: number }
  /** These bytes instead of the response, as fast as they are read. JSON with status 200 unless the headers say otherwise. */
  | {
      readonly kind: 'answer';
      /** Default: 200. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: () => Iterable<string | Buffer>;
    }
  /** The response is delayed. */
  | { readonly kind: 'slow'; readonly millis: number }
  /** A list is never answered. A watch is, but nothing follows, not even an end. */
  | { readonly kind: 'half_open' }
  /** The connection is reset. */
  | { readonly kind: 'reset' }
  /** Each event of a watch is sent twice, the second time after the next one. */
  | { readonly kind: 'duplicates' }
  /** Simultaneous events are sent in reverse order. */
  | { readonly kind: 'reordering' };

export type Fault = FaultKind & {
  /** Undefined: both. */
  readonly verb?: 'list' | 'watch';
  /** Such as `pods`; undefined: all. */
  readonly resource?: string;
  /** Number of requests; undefined: until `heal`. */
  readonly times?: number;
};

/** The pending faults. */
export class Faults {
  #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The first status fault for all resources and verbs. */
  takeStatus(): number | undefined {
    const due = this.#faults.find(
      ({ fault, left }) => left > 0 && fault.kind === 'status' && fault.verb === undefined && fault.resource === undefined,
    );
    if (due === undefined) return undefined;
    due.left -= 1;
    return due.fault.kind === 'status' ? due.fault.code : undefined;
  }

  /** Takes the first fault for this request, if there is one. */
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
