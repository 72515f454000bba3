/**
 * The path of a request target, without the query. The target is in origin form (`/metrics`) or, as sent to a proxy, in absolute form
 * (`http://host:port/metrics`). A server must accept both (RFC 9112, 3.2.2).
 */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0];
  return path === undefined || path === '' ? '/' : path;
}
