import { z } from 'zod';
import { secret } from '../../component/secret.ts';

/** What gRPC takes as a metadata key; `-bin` keys carry bytes, which a YAML file has no way to say. */
const NAME = /^(?!.*-bin$)[0-9a-z_.-]+$/i;

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

/** gRPC's own: it overwrites what is given, or a server goes wrong by it. */
const OF_GRPC = ['content-length', 'content-type', 'content-encoding', 'accept-encoding', 'expect', 'host', 'user-agent'];

function mistake(given: string): string | undefined {
  const name = given.toLowerCase();
  if (OF_THE_CONNECTION.includes(name)) return `${name} is about a connection of HTTP/1.1, and HTTP/2 refuses it; remove it`;
  if (OF_GRPC.includes(name) || name.startsWith('grpc-') || name.startsWith(':'))
    return `${name} is gRPC's own header; remove it`;
  if (NAME.test(name)) return undefined;
  return 'a header name is made of letters, digits, "_", "-" and ".", and doesn\'t end in "-bin"';
}

const value = secret(z.string().regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'));

export const headers = z.record(z.string(), value).superRefine((given, context) => {
  const seen = new Map<string, string>();
  for (const name of Object.keys(given)) {
    const before = seen.get(name.toLowerCase());
    const message = before === undefined ? mistake(name) : `is the same header as ${before}; remove one`;
    if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    seen.set(name.toLowerCase(), name);
  }
});
