import { expect, test } from 'vitest';
import { errnoName } from '../../../../../src/receivers/dropreason/rows/errno.ts';

test.each([
  [111, 'ECONNREFUSED'],
  [110, 'ETIMEDOUT'],
  [101, 'ENETUNREACH'],
  [113, 'EHOSTUNREACH'],
  [24, 'EMFILE'],
  [11, 'EAGAIN'], // not EWOULDBLOCK
  [22, 'EINVAL'],
  [112, 'EHOSTDOWN'],
  [116, 'ESTALE'],
  [0, '0'],
  [511, '511'],
])('%i is %s', (errno, name) => {
  expect(errnoName(errno)).toBe(name);
});
