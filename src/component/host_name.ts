import { isIPv4, isIPv6 } from 'node:net';

/** A DNS name (RFC 1123). Also allows "_", which some networks use. */
const NAME = /^(?=.{1,253}$)(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/;

/** Whether `text` can be a host: an IPv4 address, an IPv6 address with or without a zone, or a name. */
export function isHost(text: string): boolean {
  // Without a colon it is no IPv6 address: Node's expression for these takes 10 ms to compile.
  if (text.includes(':') ? isIPv6(text) : isIPv4(text)) return true;
  // A text that ends in a number is an address or invalid (WHATWG URL, 3.5): 999.999.1.1 is not a name.
  return NAME.test(text) && !/(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(text);
}

/** Addresses that a server on `host` listens on. Names other than localhost are not resolved. */
function addresses(host: string): readonly string[] {
  const text = host.toLowerCase().replace(/\.$/, '');
  if (text === 'localhost') return ['127.0.0.1', '::1'];
  if (!text.includes(':') || !isIPv6(text)) return [text];
  const canonical = canonicalIpv6(text);
  // A socket on `::` serves both families.
  return canonical === '::' ? ['::', '0.0.0.0'] : [canonical];
}

/** The RFC 5952 form. An IPv4-mapped address becomes the IPv4 address. A zone is kept. */
function canonicalIpv6(text: string): string {
  const [address = '', zone] = text.split('%', 2);
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical);
  if (mapped !== null) {
    const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}

/** Whether servers on both hosts would conflict on the same port, judging by the hosts. */
export function hostsCollide(one: string, other: string): boolean {
  const ours = addresses(one === '' ? '::' : one);
  const theirs = addresses(other === '' ? '::' : other);
  return ours.some((address) =>
    theirs.some((another) => address === another || covers(address, another) || covers(another, address)),
  );
}

/** Whether a wildcard address includes the other address. */
function covers(wildcard: string, address: string): boolean {
  if (wildcard === '0.0.0.0') return isIPv4(address);
  return wildcard === '::';
}

/** Whether a server on `host` can only be reached from the same host, judging by the host. Names other than localhost are not resolved. */
export function isLoopback(host: string): boolean {
  return addresses(host.replace(/^\[(.*)\]$/, '$1')).every(
    (address) => address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address),
  );
}
