/** About the connection, which HTTP/2 doesn't have in a request (RFC 9113, 8.2.2): Node refuses it, and nothing is ever sent. */
const OF_THE_CONNECTION = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** gRPC's own headers: it overwrites given ones, or a server fails because of them. */
const OF_GRPC = ['content-length', 'content-type', 'content-encoding', 'accept-encoding', 'expect', 'host', 'user-agent'];

/** What is wrong with a header's name, in lower case; undefined where nothing is. `-bin` keys have bytes, which YAML can't write. */
export function mistake(name: string): string | undefined {
  if (OF_THE_CONNECTION.includes(name)) return `${name} is about a connection of HTTP/1.1, and HTTP/2 refuses it; remove it`;
  if (OF_GRPC.includes(name) || name.startsWith('grpc-') || name.startsWith(':'))
    return `${name} is gRPC's own header; remove it`;
  if (/^[0-9a-z_.-]+$/.test(name) && !name.endsWith('-bin')) return undefined;
  return 'a header name is made of letters, digits, "_", "-" and ".", and doesn\'t end in "-bin"';
}
