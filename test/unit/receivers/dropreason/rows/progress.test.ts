import { expect, test } from 'vitest';
import { progressOfPinned } from '../../../../../src/receivers/dropreason/rows/progress.ts';

test('goes on where the counts are the same, and begins anew where they are not', () => {
  const first = progressOfPinned('/sys/fs/bpf/one', 8, 1000);
  first.node[3] = 5;
  expect(progressOfPinned('/sys/fs/bpf/one', 8, 1000)).toBe(first);
  for (const other of [
    progressOfPinned('/sys/fs/bpf/other', 8, 1000),
    progressOfPinned('/sys/fs/bpf/one', 16, 1000),
    progressOfPinned('/sys/fs/bpf/one', 8, 2000),
  ]) {
    expect(other).not.toBe(first);
    expect([...other.node].every((count) => count === 0)).toBe(true);
  }
});
