import { describe, expect, test } from 'vitest';
import { ComponentError } from '../../../../src/component/errors.ts';
import type { CapabilityName } from '../../../../src/receivers/dropreason/attach/capabilities.ts';
import { explainStartError } from '../../../../src/receivers/dropreason/start_error.ts';

const explain = (error: unknown, held: CapabilityName[] = []) =>
  explainStartError(error, { pin_path: '/sys/fs/bpf/here' }, new Set(held));

function nativeError(message: string, { code = 'ERR_LOAD', errno = '', details = '' } = {}) {
  return Object.assign(new Error(message), { code, errno, details });
}

describe('explainStartError', () => {
  test('without a capability, says which and what to run', () => {
    const { message } = explain(nativeError("can't load the BPF programs: Operation not permitted", { errno: 'EPERM' }));
    expect(message).toMatch(/CAP_BPF and CAP_PERFMON/);
    expect(message).toMatch(/sudo npm start/);
    expect(message).not.toContain('\n');
  });

  test('with the capabilities, names the limit that a kernel before 5.11 charges', () => {
    const error = nativeError("can't create the maps: Operation not permitted", { errno: 'EPERM' });
    const { message } = explain(error, ['CAP_BPF', 'CAP_PERFMON']);
    expect(message).toMatch(/memlock/);
    expect(message).toMatch(/CAP_SYS_RESOURCE/);
    expect(message).not.toMatch(/sudo npm start/);
    expect(explain(error, ['CAP_BPF']).message).toMatch(/sudo npm start/);
  });

  test('says who else counts there, and where nothing can be pinned', () => {
    expect(explain(nativeError('locked', { code: 'ERR_LOCKED' })).message).toMatch(/^pin_path: \/sys\/fs\/bpf\/here is in use/);
    const { message } = explain(nativeError("can't create it: Permission denied", { code: 'ERR_PIN', errno: 'EACCES' }));
    expect(message).toMatch(/^pin_path: can't create it: Permission denied: .*BPF file system/);
    const foreign = "/sys/fs/bpf/here/x doesn't belong to dropreason: use a separate directory for the pins";
    expect(explain(nativeError(foreign, { code: 'ERR_PIN' })).message).toBe(`pin_path: ${foreign}`);
  });

  test('without memory, says which limit', () => {
    const { message } = explain(nativeError("can't load: Cannot allocate memory", { errno: 'ENOMEM' }));
    expect(message).toMatch(/ulimit -l unlimited/);
  });

  test('without BTF, says which kernel is needed', () => {
    const { message } = explain(nativeError("can't read the kernel's type information", { code: 'ERR_BTF', errno: 'ENOENT' }));
    expect(message).toMatch(/a kernel with BTF is required/);
  });

  test('names a lockdown, without the words of the verifier', () => {
    const details = `${'17: (bf) r1 = r2\n'.repeat(180)}unknown func bpf_probe_read#4\n`;
    const { message } = explain(nativeError("can't load kfree_skb_copy: Invalid argument", { errno: 'EINVAL', details }));
    expect(message).toMatch(/lockdown=confidentiality.*lockdown=integrity/);
    expect(message).not.toContain('\n');
  });

  test("the verifier's words follow", () => {
    const error = explain(nativeError("can't load: Permission denied", { errno: 'EACCES', details: 'R1 invalid mem access\n' }));
    expect(error).toBeInstanceOf(ComponentError);
    expect(error.message).toBe("can't load: Permission denied\nR1 invalid mem access");
  });

  test('what did not come from the addon is left as it is', () => {
    const error = new TypeError('a surprise');
    expect(explain(error)).toBe(error);
    expect(explain('text').message).toBe('text');
  });
});
