import { reasonOf } from '../component/reason_of.ts';
import { retryAfterMillis } from '../component/retry_after.ts';
import { visible } from '../component/visible.ts';

/** Why a list or watch ended, as far as the next step depends on it. */
export type FailureKind =
  /** 401: the token is not accepted, or no longer. */
  | 'unauthorized'
  /** 403. */
  | 'forbidden'
  /** 404. A proxy, or a server that is starting, may return it for any path. */
  | 'not_found'
  /** 404, and discovery confirms that the cluster has no such resource. */
  | 'absent'
  /** 410: the server no longer has the version, or the next page of the list. */
  | 'expired'
  /** The server closed a watch. It may do so at any time. */
  | 'closed'
  /** More than the configured limits allow. */
  | 'too_large'
  /** Any other status than 200, an unreadable response, or no response. */
  | 'broken';

/** A list or watch ended without `stop`. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly kind: FailureKind;
  /** The shortest wait that the server requests. */
  readonly retryAfterMillis: number;

  constructor(kind: FailureKind, why: string, retryAfterMillis = 0) {
    // The server's message may have several lines; ours must have one.
    super(visible(why));
    this.kind = kind;
    this.retryAfterMillis = retryAfterMillis;
  }
}

const KINDS: Readonly<Record<number, FailureKind>> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 410: 'expired' };

/** The longest wait that a server may request. */
const MOST_RETRY_AFTER_MILLIS = 300_000;

/**
 * The failure for a status other than 200.
 *
 * @param detail the server's message, such as that of a Status object; may be empty
 * @param retryAfter the header, in seconds or as a date
 */
export function refusal(status: number, detail: string, retryAfter?: string): ApiFailure {
  const wait = retryAfterMillis(retryAfter, MOST_RETRY_AFTER_MILLIS) ?? 0;
  const why = detail === '' ? `the API server returned ${status}` : `the API server returned ${status}: ${detail}`;
  return new ApiFailure(KINDS[status] ?? 'broken', why, wait);
}

/** The failure for the Status object of an ERROR event. */
export function failureOfStatus(object: unknown): ApiFailure {
  const { code, message, details } = (object ?? {}) as {
    code?: unknown;
    message?: unknown;
    details?: { retryAfterSeconds?: unknown };
  };
  const retryAfter = details?.retryAfterSeconds;
  return refusal(
    typeof code === 'number' ? code : 0,
    String(message ?? ''),
    retryAfter === undefined ? undefined : `${retryAfter}`,
  );
}

/** Turns any thrown value into a failure. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number') return refusal(status, '');
  return new ApiFailure('broken', reasonOf(error));
}
