import type { IncomingHttpHeaders } from 'node:http';
import { retryAfterMillis } from '../../component/retry_after.ts';
import type { SentSecrets } from '../../component/sent_secrets.ts';
import { serverMessage } from '../../component/server_message.ts';
import { readAnswer } from '../answer.ts';
import { MOST_DELAY_MILLIS, statusMessage } from '../rpc_status.ts';
import { type SendResult, withoutSecrets } from '../send_result.ts';

/** Statuses that the OTLP specification lets a client retry. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const TOO_LARGE = 413;

/** Statuses that are not about the message: it was not looked at. Redirects are others. */
const ABOUT_THE_SENDER: ReadonlySet<number> = new Set([401, 402, 403, 404, 405, 407]);

/** An answer as it came over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** At most MOST_BYTES of it. */
  readonly body: Buffer;
}

/** What became of a push that was answered like this. `secrets`: those that were sent with it. */
export function readHttpAnswer({ status, headers, body }: HttpAnswer, secrets: Pick<SentSecrets, 'hideIn'>): SendResult {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (status >= 200 && status < 300) return success(type, body, secrets);
  const why = `HTTP status ${status}${inBrackets(words(type, body, secrets))}`;
  if (status === TOO_LARGE) return { status: 'too_large', why };
  if (RETRYABLE.has(status)) {
    const waitMillis = retryAfterMillis(headers['retry-after'], MOST_DELAY_MILLIS);
    if (waitMillis === undefined) return { status: 'retryable', why };
    return { status: 'retryable', why: `${why} (the server asks to wait ${waitMillis / 1000} s)`, waitMillis };
  }
  const cause = `HTTP ${status}`;
  if (status < 300 || status >= 400) {
    return { status: 'refused', about: ABOUT_THE_SENDER.has(status) ? 'sender' : 'message', cause, why };
  }
  return {
    status: 'refused',
    about: 'sender',
    cause,
    why: `${why}; redirects are not followed: set the endpoint to ${place(headers.location)}`,
  };
}

/** Other types have no partial success. A page of HTML comes from a proxy or a login, and the points were not accepted. */
function success(type: string, body: Buffer, secrets: Pick<SentSecrets, 'hideIn'>): SendResult {
  if (body.length === 0) return { status: 'sent', rejected: 0, message: '' };
  if (type === 'application/x-protobuf') return withoutSecrets(readAnswer(body), secrets);
  if (type === 'application/json') return withoutSecrets(readAnswer(body, 'json'), secrets);
  if (type !== 'text/html') return { status: 'sent', rejected: 0, message: '' };
  return {
    status: 'refused',
    about: 'sender',
    cause: 'a page',
    why: 'the answer is a page of HTML, not OTLP: is a proxy between?',
  };
}

/** The server's own message; a page of HTML has none. */
function words(type: string, body: Buffer, secrets: Pick<SentSecrets, 'hideIn'>): string {
  if (type === 'application/x-protobuf') return secrets.hideIn(statusMessage(body));
  return type === 'text/html' ? '' : serverMessage(body.toString(), secrets);
}

const inBrackets = (text: string) => (text === '' ? '' : `: ${text}`);

/** Without its query, which may have a secret. */
function place(location = ''): string {
  return URL.canParse(location) ? new URL(location).origin + new URL(location).pathname : 'where it points to';
}
