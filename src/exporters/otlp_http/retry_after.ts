import { MOST_DELAY_MILLIS } from '../../otlp/rpc_status.ts';

/**
 * The wait in milliseconds of a Retry-After header, in seconds or as a date (RFC 9110, 10.2.3); undefined if there is none or it is
 * invalid. At most an hour, as for gRPC.
 */
export function retryAfterMillis(header: string | undefined, nowMillis: number): number | undefined {
  if (header === undefined) return undefined;
  const millis = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMillis;
  return Number.isNaN(millis) ? undefined : Math.min(Math.max(millis, 0), MOST_DELAY_MILLIS);
}
