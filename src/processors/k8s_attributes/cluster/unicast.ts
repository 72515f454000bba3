import type { AddressKey } from '../../../pdata/ip_address.ts';

/**
 * Whether one host somewhere has this address. Not so: unspecified (0.0.0.0/8), multicast, broadcast and reserved (224.0.0.0 and
 * up, ff00::/8), link-local (169.254.0.0/16, fe80::/10), and loopback (127.0.0.0/8, ::1), which every network namespace has.
 */
export function isUnicast(key: AddressKey): boolean {
  if (typeof key === 'number') {
    const first = key >>> 24;
    return first !== 0 && first !== 127 && first < 224 && key >>> 16 !== 0xa9fe;
  }
  const unit = key.charCodeAt(0);
  return (unit & 0xff00) !== 0xff00 && (unit & 0xffc0) !== 0xfe80 && key !== LOOPBACK;
}

const LOOPBACK = '\0\0\0\0\0\0\0\u0001';
