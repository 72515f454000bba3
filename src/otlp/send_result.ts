/** What became of one attempt, whatever carried it. */
export type SendResult =
  | SentResult
  /** `waitMillis`: the wait that the server requests. */
  | { readonly status: 'retryable'; readonly why: string; readonly waitMillis?: number }
  /** The message has more bytes than the server accepts. */
  | { readonly status: 'too_large'; readonly why: string }
  /** `cause`: a short name that stays the same while `why` varies. */
  | { readonly status: 'refused'; readonly why: string; readonly cause: string };

/** OTLP's partial success. Without rejected points a message is a warning; without a message either, all is well. */
export interface SentResult {
  readonly status: 'sent';
  /** As the server counts them: it may claim more than were sent. */
  readonly rejected: number;
  readonly message: string;
}

export type FailedResult = Exclude<SendResult, SentResult>;
