import { mkdirSync, rmdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { memlock, pinPath } from '../../../../src/receivers/dropreason/diagnose_limits.ts';
import { scratchDirectory } from '../../../support/scratch.ts';

const limits = (most: string) =>
  `Limit Soft Limit Hard Limit Units\nMax locked memory         ${most}              ${most}   bytes\n`;

describe('the limit of locked memory', () => {
  test.each(['5.11.0', '6.1.0-49-amd64', '6.18.44', '10.0.0'])('is nothing to speak of on %s', (release) => {
    expect(memlock(release, limits('65536'))).toEqual([]);
  });

  test.each(['5.10.0-46-amd64', '5.8.0', '4.19.0'])('matters on %s', (release) => {
    expect(memlock(release, limits('65536'))).toMatchObject([{ subject: 'memlock' }]);
    expect(memlock(release, limits('65536'))[0]?.message).toMatch(/^65536 bytes, (?:and|without) CAP_SYS_RESOURCE/);
    expect(memlock(release, limits('unlimited'))).toEqual([{ subject: 'memlock', status: 'ok', message: 'unlimited' }]);
  });
});

describe('the place to pin at', () => {
  test('has to be in a BPF file system', () => {
    expect(pinPath({ pin_path: join(scratchDirectory(), 'a', 'b') })).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/is not in a BPF file system: mount -t bpf/),
    });
  });

  const mounted = process.getuid?.() === 0 && statfsSync('/sys/fs/bpf').type === 0xcafe4a11;

  test.skipIf(!mounted)('may be still to be made', () => {
    expect(pinPath({ pin_path: '/sys/fs/bpf/dropreason-was-never-here' })).toMatchObject({ status: 'ok' });
  });

  test.skipIf(!mounted)('may hold nothing of other programs', () => {
    const directory = '/sys/fs/bpf/dropreason-test-foreign';
    mkdirSync(join(directory, 'cilium'), { recursive: true });
    onTestFinished(() => {
      rmdirSync(join(directory, 'cilium'));
      rmdirSync(directory);
    });
    expect(pinPath({ pin_path: directory })).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${directory}/cilium doesn't belong to dropreason`),
    });
  });
});
