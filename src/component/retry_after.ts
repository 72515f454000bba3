/**
 * Milliseconds that a Retry-After header asks to wait, in seconds or until a date (RFC 9110, 10.2.3), at most `mostMillis`. Undefined
 * without a header that can be read.
 */
export function retryAfterMillis(header: string | undefined, mostMillis: number): number | undefined {
  if (header === undefined) return undefined;
  const millis = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(millis) ? undefined : Math.min(Math.max(millis, 0), mostMillis);
}
