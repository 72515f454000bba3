/** What a number of an IPv4 address and the words of an IPv6 one have in common: something to look up by. */
export type AddressKey = number | string;

/**
 * An IP address. An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address. Equal addresses have the same `key`. The text
 * is made on first use.
 */
export class IpAddress {
  /** An IPv4 address as an unsigned number of 32 bits, an IPv6 one as eight UTF-16 units: cheap to make, and to look up. */
  readonly key: AddressKey;
  #text: string | undefined;

  private constructor(key: AddressKey) {
    this.key = key;
  }

  /**
   * The address in 16 bytes in network order, given as the little-endian words of the memory they lie in; undefined where all are
   * zero, which is no address.
   */
  static ofWords(words: Uint32Array, at: number): IpAddress | undefined {
    const key = keyOfWords(words, at);
    return key === undefined ? undefined : new IpAddress(key);
  }

  static ofKey(key: AddressKey): IpAddress {
    return new IpAddress(key);
  }

  /** Parses an address such as `10.0.0.1` or `2001:db8::1`; undefined if it isn't one. A zone (`%eth0`) is ignored. */
  static parse(text: string): IpAddress | undefined {
    const key = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
    return key === undefined ? undefined : new IpAddress(key);
  }

  get isIpv4(): boolean {
    return typeof this.key === 'number';
  }

  /** Its network with that many bits, such as `10.1.2.0/24`; only the address if the bits cover it all. */
  network(bits: number): string {
    const { key } = this;
    if (typeof key === 'number') {
      if (bits >= 32) return this.text;
      return `${formatIpv4((key & (bits === 0 ? 0 : -1 << (32 - bits))) >>> 0)}/${bits}`;
    }
    if (bits >= 128) return this.text;
    const units = Array.from({ length: 8 }, (_, i) => {
      const kept = Math.min(16, Math.max(0, bits - 16 * i));
      return key.charCodeAt(i) & (0xffff << (16 - kept)) & 0xffff;
    });
    return `${formatIpv6(String.fromCharCode(...units))}/${bits}`;
  }

  /** As RFC 5952 writes it. */
  get text(): string {
    this.#text ??= typeof this.key === 'number' ? formatIpv4(this.key) : formatIpv6(this.key);
    return this.#text;
  }
}

const MAPPED = 0xffff_0000;

/** {@link IpAddress.key} of the address at `at`, without making the object. */
function keyOfWords(words: Uint32Array, at: number): AddressKey | undefined {
  const [a, b, c, d] = [words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number];
  if (a === 0 && b === 0) {
    if (c === MAPPED) return ((d << 24) | ((d & 0xff00) << 8) | ((d >>> 8) & 0xff00) | (d >>> 24)) >>> 0;
    if (c === 0 && d === 0) return undefined;
  }
  return String.fromCharCode(
    swap(a & 0xffff),
    swap(a >>> 16),
    swap(b & 0xffff),
    swap(b >>> 16),
    swap(c & 0xffff),
    swap(c >>> 16),
    swap(d & 0xffff),
    swap(d >>> 16),
  );
}

function swap(half: number): number {
  return ((half & 0xff) << 8) | (half >>> 8);
}

function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The longest run of at least two zero groups, the first of several, is left out (RFC 5952 section 4.2). */
function formatIpv6(units: string): string {
  const groups = Array.from({ length: 8 }, (_, i) => units.charCodeAt(i));
  let [start, length] = [0, 0];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((sum, part) => sum * 256 + part, 0);
}

function parseIpv6(text: string): AddressKey | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map(groupsOf) as [number[] | undefined, number[] | undefined];
  if (left === undefined || (halves.length === 2 && right === undefined)) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...(right ?? [])];
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return (((groups[6] as number) << 16) | (groups[7] as number)) >>> 0;
  }
  return String.fromCharCode(...groups);
}

/** The groups of one side of `::`; the last may be an IPv4 address, which is two. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    const ipv4 = part.includes('.') ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >>> 16, ipv4 & 0xffff);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
