/** How a body is sent. */
export type ContentCoding = 'identity' | 'gzip';

/** gzip if an Accept-Encoding header takes it (RFC 9110, 12.5.3): named, and not at q=0. */
export function chooseCoding(header: string | string[] | undefined): ContentCoding {
  const codings = String(header ?? '').split(',');
  const isGzip = codings.some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(coding));
  return isGzip ? 'gzip' : 'identity';
}
