import { describe, expect, test } from 'vitest';
import { ComponentError } from '../../../../src/component/errors.ts';
import { explainStartError } from '../../../../src/receivers/dropreason/start_error.ts';

function nativeError(message: string, { code = 'ERR_LOAD', errno = '', details = '' } = {}) {
  return Object.assign(new Error(message), { code, errno, details });
}

describe('explainStartError', () => {
  test('without a capability, says which and what to run', () => {
    const { message } = explainStartError(
      nativeError("can't load the BPF programs: Operation not permitted", { errno: 'EPERM' }),
    );
    expect(message).toMatch(/CAP_BPF and CAP_PERFMON/);
    expect(message).toMatch(/sudo npm start/);
    expect(message).not.toContain('\n');
  });

  test('without memory, says which limit', () => {
    const { message } = explainStartError(nativeError("can't load: Cannot allocate memory", { errno: 'ENOMEM' }));
    expect(message).toMatch(/ulimit -l unlimited/);
  });

  test('without BTF, says which kernel is needed', () => {
    const { message } = explainStartError(
      nativeError("can't read the kernel's type information", { code: 'ERR_BTF', errno: 'ENOENT' }),
    );
    expect(message).toMatch(/a kernel with BTF is needed/);
  });

  test("the verifier's words follow", () => {
    const error = explainStartError(
      nativeError("can't load: Permission denied", { errno: 'EACCES', details: 'R1 invalid mem access\n' }),
    );
    expect(error).toBeInstanceOf(ComponentError);
    expect(error.message).toBe("can't load: Permission denied\nR1 invalid mem access");
  });

  test('what did not come from the addon is left as it is', () => {
    const error = new TypeError('a surprise');
    expect(explainStartError(error)).toBe(error);
    expect(explainStartError('text').message).toBe('text');
  });
});
