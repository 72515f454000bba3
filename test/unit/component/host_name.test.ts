import { expect, test } from 'vitest';
import { hostsCollide } from '../../../src/component/host_name.ts';

test.each([
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['', '10.0.0.1', true],
  ['', '::1', true],
  ['', 'node.example', true],
  ['::', '127.0.0.1', true],
  ['::', '0.0.0.0', true],
  ['0.0.0.0', '10.0.0.1', true],
  ['0.0.0.0', '::1', false],
  ['0.0.0.0', 'node.example', false],
  ['localhost', '127.0.0.1', true],
  ['localhost', '::1', true],
  ['localhost', '127.0.0.2', false],
  ['localhost', '0.0.0.0', true],
  ['LocalHost.', 'localhost', true],
  ['fd00:0:0::1', 'FD00::1', true],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['fe80::1%eth0', 'fe80::1%eth1', false],
  ['Node.example', 'node.example.', true],
  ['node.example', '10.0.0.1', false],
])('"%s" and "%s"', (one, other, collide) => {
  expect(hostsCollide(one, other)).toBe(collide);
  expect(hostsCollide(other, one)).toBe(collide);
});
