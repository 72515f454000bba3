/** What became of one attempt, whatever carried it. */
export type SendResult =
  | SentResult
  /** `waitMillis`: the wait that the server requests. */
  | { readonly status: 'retryable'; readonly why: string; readonly waitMillis?: number }
  /** The message has more bytes than the server accepts. */
  | { readonly status: 'too_large'; readonly why: string }
  /**
   * `cause`: a short name that stays the same while `why` varies. `about`: the server wants no message of this sender, such as one without
   * a login; or not this message, or it is unknown what it made of it.
   */
  | { readonly status: 'refused'; readonly about: 'sender' | 'message'; readonly why: string; readonly cause: string };

/** OTLP's partial success. Without rejected points a message is a warning; without a message either, all is well. */
export interface SentResult {
  readonly status: 'sent';
  /** As the server counts them: it may claim more than were sent. */
  readonly rejected: number;
  readonly message: string;
}

export type FailedResult = Exclude<SendResult, SentResult>;

/** Whether each attempt would fail like this one, so that the message is not sent again. */
export function isAboutMessage(result: FailedResult): boolean {
  return result.status === 'too_large' || (result.status === 'refused' && result.about === 'message');
}
