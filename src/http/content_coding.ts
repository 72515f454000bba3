/** The encoding of a body. */
export type ContentCoding = 'identity' | 'gzip';

/** gzip if an Accept-Encoding header accepts it (RFC 9110, 12.5.3): it is listed, and not with q=0. */
export function chooseCoding(header: string | string[] | undefined): ContentCoding {
  const codings = String(header ?? '').split(',');
  const isGzip = codings.some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding));
  return isGzip ? 'gzip' : 'identity';
}
