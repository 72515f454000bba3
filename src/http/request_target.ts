/**
 * The path that a request asks for, without the query. Its target is in origin form (`/metrics`) or, as a proxy gets it, in
 * absolute form (`http://host:port/metrics`); a server must take both (RFC 9112, 3.2.2).
 */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0];
  return path === undefined || path === '' ? '/' : path;
}
