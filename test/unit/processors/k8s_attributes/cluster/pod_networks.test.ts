import { describe, expect, test } from 'vitest';
import { IpAddress } from '../../../../../src/pdata/ip_address.ts';
import { PodNetworks, parseNetwork } from '../../../../../src/processors/k8s_attributes/cluster/pod_networks.ts';
import { key } from '../known_cluster.ts';

function networks(holders: Readonly<Record<string, readonly string[]>>) {
  const all = new PodNetworks<{ name: string; podCidrs: readonly NonNullable<ReturnType<typeof parseNetwork>>[] }>();
  const made = Object.entries(holders).map(([name, texts]) => {
    return { name, podCidrs: texts.flatMap((text) => parseNetwork(text) ?? []) };
  });
  for (const holder of made) all.change(undefined, holder);
  const find = (address: string) => {
    const found = all.find(key(address));
    return found && `${found.holder.name}${found.isFirst ? ' first' : ''}`;
  };
  return { all, made, find };
}

test.each([
  ['10.244.1.0/24', '10.244.1.0', 24],
  ['10.244.1.77/24', '10.244.1.0', 24],
  ['fd00:1:2:3::/64', 'fd00:1:2:3::', 64],
  ['fd00:1:2:3::9/60', 'fd00:1:2::', 60],
  ['192.0.2.1/32', '192.0.2.1', 32],
])('%s is a network', (text, first, bits) => {
  const network = parseNetwork(text);
  expect(network && [IpAddress.ofKey(network.key).text, network.bits]).toEqual([first, bits]);
});

test.each(['', '10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0/24', '10.0.0.0/', '/24', 'a/24', '10.0.0.0/-1'])(
  '%j is none',
  (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  },
);

describe('an address', () => {
  const { find, all, made } = networks({
    n1: ['10.244.1.0/24', 'fd00:0:0:1::/64'],
    n2: ['10.244.2.0/24', 'fd00:0:0:2::/64'],
    n3: ['10.245.0.128/25'],
  });

  test.each([
    ['10.244.1.0', 'n1 first'],
    ['10.244.1.1', 'n1 first'],
    ['10.244.1.2', 'n1'],
    ['10.244.1.255', 'n1'],
    ['10.244.2.1', 'n2 first'],
    ['10.244.3.1', undefined],
    ['10.245.0.127', undefined],
    ['10.245.0.128', 'n3 first'],
    ['10.245.0.129', 'n3 first'],
    ['10.245.0.130', 'n3'],
    ['fd00:0:0:1::1', 'n1 first'],
    ['fd00:0:0:1:8000::', 'n1'],
    ['fd00:0:0:2::ffff', 'n2'],
    ['fd00:0:0:3::1', undefined],
  ])('%s is in that of %s', (address, name) => {
    expect(find(address)).toBe(name);
  });

  test('is in none that is gone, nor in that of who had it before', () => {
    const [n1, n2] = made as [(typeof made)[0], (typeof made)[0]];
    const renamed = { ...n1, name: 'new' };
    all.change(undefined, renamed);
    all.change(n1, undefined);
    expect(find('10.244.1.7')).toBe('new');
    all.change(n2, undefined);
    expect(find('10.244.2.7')).toBeUndefined();
  });
});
