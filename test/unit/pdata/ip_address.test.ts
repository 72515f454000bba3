import { isIP, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IpAddress } from '../../../src/pdata/ip_address.ts';

/** The words that 16 bytes in network order are on this machine. */
function words(bytes: readonly number[]): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

const bytes16 = fc.array(fc.nat(255), { minLength: 16, maxLength: 16 });
const mapped = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((ipv4) => [...new Array(10).fill(0), 255, 255, ...ipv4]);

describe('an IP address', () => {
  test.each([
    // RFC 5952, sections 4.1 to 4.3.
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::A', '2001:db8::a'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['fe80::1:2:3:4', 'fe80::1:2:3:4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is written %s', (given, text) => {
    expect(IpAddress.parse(given)?.text).toBe(text);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '12345::',
    'fe80::1%eth0',
  ])('"%s" is none', (given) => {
    expect(IpAddress.parse(given)).toBeUndefined();
  });

  test('whatever text it has is one to others too, and is read back', () => {
    fc.assert(
      fc.property(fc.oneof(bytes16, mapped), (bytes) => {
        const address = IpAddress.ofWords(words(bytes), 0);
        if (address === undefined) {
          expect(bytes.every((byte) => byte === 0)).toBe(true);
          return;
        }
        expect(isIP(address.text)).toBe(address.isIpv4 ? 4 : 6);
        expect(IpAddress.parse(address.text)?.key).toBe(address.key);
        expect(address.isIpv4 ? isIPv4(address.text) : new URL(`http://[${address.text}]`).hostname).toBe(
          address.isIpv4 ? true : `[${address.text}]`,
        );
      }),
    );
  });

  test('two of the same bytes have the same key, and others another', () => {
    fc.assert(
      fc.property(bytes16, bytes16, (a, b) => {
        const [keyA, keyB] = [IpAddress.ofWords(words(a), 0)?.key, IpAddress.ofWords(words(b), 0)?.key];
        expect(keyA === keyB).toBe(a.join() === b.join());
      }),
    );
  });

  test('lies where it is said to', () => {
    const both = words([...new Array(10).fill(0), 255, 255, 10, 1, 2, 3, 0xfd, ...new Array(14).fill(0), 1]);
    expect(IpAddress.ofWords(both, 0)?.text).toBe('10.1.2.3');
    expect(IpAddress.ofWords(both, 4)?.text).toBe('fd00::1');
  });

  test.each([
    ['10.1.2.3', 24, '10.1.2.0/24'],
    ['10.1.2.3', 32, '10.1.2.3'],
    ['192.168.255.255', 17, '192.168.128.0/17'],
    ['255.1.2.3', 1, '128.0.0.0/1'],
    ['10.1.2.3', 0, '0.0.0.0/0'],
    ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2::/64'],
    ['2001:db8:1:2ff:3:4:5:6', 56, '2001:db8:1:200::/56'],
    ['2001:db8:1:2:3:4:5:6', 128, '2001:db8:1:2:3:4:5:6'],
    ['2001:db8:1:2:3:4:5:6', 127, '2001:db8:1:2:3:4:5:6/127'],
    ['2001:db8::1', 0, '::/0'],
  ])('%s is in the network of %i bits %s', (address, bits, network) => {
    expect(IpAddress.parse(address)?.network(bits)).toBe(network);
  });
});
