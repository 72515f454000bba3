import type { SentSecrets } from '../component/sent_secrets.ts';

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

/** The same without what the server repeats of the secrets that it was sent. */
export function withoutSecrets(result: SendResult, secrets: Pick<SentSecrets, 'hideIn'>): SendResult {
  if (result.status === 'sent') return { ...result, message: secrets.hideIn(result.message) };
  return { ...result, why: secrets.hideIn(result.why) };
}

/** Whether each attempt would fail like this one, so that the message is not sent again. */
export function isAboutMessage(result: FailedResult): boolean {
  return result.status === 'too_large' || (result.status === 'refused' && result.about === 'message');
}
