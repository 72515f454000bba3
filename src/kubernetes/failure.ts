import { visible } from '../component/visible.ts';

/** Why a list or watch has ended, as far as it matters for what to do next. */
export type FailureKind =
  /** 401: the token is not, or no longer, taken. */
  | 'unauthorized'
  /** 403. */
  | 'forbidden'
  /** 404. A proxy, or a server that starts, may say so of anything. */
  | 'not_found'
  /** 404, and discovery says too that the cluster has no such resource. */
  | 'absent'
  /** 410: the version, or the list's next page, is no longer known. */
  | 'expired'
  /** The server closed a watch; it may at any time. */
  | 'closed'
  /** More than the configured limits allow. */
  | 'too_large'
  /** Any other answer than 200, one that can't be read, and no answer at all. */
  | 'broken';

/** A list or watch that has ended other than by `stop`. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly kind: FailureKind;
  /** What the server asks to wait for at least. */
  readonly retryAfterMillis: number;

  constructor(kind: FailureKind, why: string, retryAfterMillis = 0) {
    // What a server says may be of several lines, and is a part of one of ours.
    super(visible(why));
    this.kind = kind;
    this.retryAfterMillis = retryAfterMillis;
  }
}

const KINDS: Readonly<Record<number, FailureKind>> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 410: 'expired' };

/** More than this no server may ask for. */
const MOST_RETRY_AFTER_MILLIS = 300_000;

/**
 * Of a status other than 200.
 *
 * @param said what the server said besides, such as a Status object's message; may be empty
 * @param retryAfter the header, in seconds; a date is not understood
 */
export function refusal(status: number, said: string, retryAfter?: string): ApiFailure {
  const seconds = Number(retryAfter ?? 0);
  const wait = seconds > 0 ? Math.min(seconds * 1000, MOST_RETRY_AFTER_MILLIS) : 0;
  const why = said === '' ? `the API server answers with ${status}` : `the API server answers with ${status}: ${said}`;
  return new ApiFailure(KINDS[status] ?? 'broken', why, wait);
}

/** Of the Status object of an ERROR event. */
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

/** What was thrown, as a failure. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number') return refusal(status, '');
  return new ApiFailure('broken', reasonOf(error));
}

/** In few words; fetch hides what went wrong in causes. */
export function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  if (deepest instanceof AggregateError && deepest.errors.length > 0) return reasonOf(deepest.errors[0]);
  if (!(deepest instanceof Error)) return String(deepest);
  const { code } = deepest as NodeJS.ErrnoException;
  return deepest.message === '' ? (code ?? deepest.name) : deepest.message;
}
