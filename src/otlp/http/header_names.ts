import { HTTP_TOKEN } from '../../component/http_token.ts';

/** Set by the exporter or by HTTP itself; a second value would break the request. */
const OF_HTTP = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What is wrong with a header's name, in lower case; undefined where nothing is. */
export function mistake(name: string): string | undefined {
  if (OF_HTTP.includes(name)) return `${name} is set by the exporter; remove it`;
  return HTTP_TOKEN.test(name) ? undefined : 'is not the name of an HTTP header';
}
