import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import type { ApiNode } from './objects.ts';

/** A network of addresses, such as 10.244.1.0/24. */
export interface Network {
  /** Its first address. */
  readonly key: AddressKey;
  /** Length of its prefix. */
  readonly bits: number;
}

interface Holder {
  readonly podCidrs: readonly Network[];
}

/** Networks by their addresses; they are of few lengths and don't overlap. */
export class PodNetworks<T extends Holder> {
  readonly #byLength = new Map<
    string,
    { readonly bits: number; readonly isIpv4: boolean; readonly holders: Map<AddressKey, T> }
  >();

  /** Takes `before` out and puts `after` in. */
  change(before: T | undefined, after: T | undefined): void {
    for (const { key, bits } of before?.podCidrs ?? []) {
      const id = lengthOf(key, bits);
      const holders = this.#byLength.get(id)?.holders;
      if (holders?.get(key) === before) holders?.delete(key);
      if (holders?.size === 0) this.#byLength.delete(id);
    }
    for (const { key, bits } of after?.podCidrs ?? []) {
      const id = lengthOf(key, bits);
      const known = this.#byLength.get(id) ?? { bits, isIpv4: typeof key === 'number', holders: new Map<AddressKey, T>() };
      this.#byLength.set(id, known);
      if (after !== undefined) known.holders.set(key, after);
    }
  }

  /** Whose network the address is in, and whether it is the first or second of it: a network's own, and its gateway's. */
  find(key: AddressKey): { readonly holder: T; readonly isFirst: boolean } | undefined {
    const isIpv4 = typeof key === 'number';
    for (const length of this.#byLength.values()) {
      if (length.isIpv4 !== isIpv4) continue;
      const base = networkOf(key, length.bits);
      const holder = length.holders.get(base);
      if (holder !== undefined) return { holder, isFirst: key === base || key === following(base) };
    }
    return undefined;
  }
}

const lengthOf = (key: AddressKey, bits: number) => `${typeof key === 'number' ? 4 : 6}/${bits}`;

/** What is no network is left out. */
export function networksOf({ podCIDR = '', podCIDRs = [podCIDR] }: NonNullable<ApiNode['spec']> = {}): readonly Network[] {
  return podCIDRs.flatMap((text) => parseNetwork(text) ?? []);
}

/** Undefined if it is invalid. Bits beyond the prefix are ignored. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const key = IpAddress.parse(address)?.key;
  const bits = Number(length);
  if (key === undefined || length === '' || bits > (typeof key === 'number' ? 32 : 128)) return undefined;
  return { key: networkOf(key, bits), bits };
}

function networkOf(key: AddressKey, bits: number): AddressKey {
  if (typeof key === 'number') return bits === 0 ? 0 : (key & (-1 << (32 - bits))) >>> 0;
  let network = '';
  for (let i = 0; i < 8; i++) {
    const kept = Math.min(16, Math.max(0, bits - 16 * i));
    network += String.fromCharCode(key.charCodeAt(i) & (0xffff << (16 - kept)) & 0xffff);
  }
  return network;
}

/** The next address; a network's first is even, but where it is all there is. */
function following(key: AddressKey): AddressKey {
  return typeof key === 'number' ? key + 1 : key.slice(0, 7) + String.fromCharCode(key.charCodeAt(7) + 1);
}
