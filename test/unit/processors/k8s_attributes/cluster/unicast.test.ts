import { expect, test } from 'vitest';
import { isUnicast } from '../../../../../src/processors/k8s_attributes/cluster/unicast.ts';
import { key } from '../known_cluster.ts';

test.each(['10.0.0.1', '1.1.1.1', '223.255.255.255', '169.253.0.1', '2001:db8::1', 'fd00::1', '::2', '::ffff:10.0.0.1'])(
  '%s is an address of one host',
  (address) => expect(isUnicast(key(address))).toBe(true),
);

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '127.0.0.1',
  '127.8.8.8',
  '::ffff:127.0.0.1',
  '169.254.20.10',
  '224.0.0.251',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::1',
  'fe80::1',
  'febf::1',
  'ff02::fb',
])('%s is not', (address) => expect(isUnicast(key(address))).toBe(false));
