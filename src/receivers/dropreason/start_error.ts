import { ComponentError } from '../../component/errors.ts';
import { isNativeError, type NativeError } from './probe.ts';

/** Says in a sentence why counting can't start and what to do; libbpf's own words follow where they tell more. */
export function explainStartError(error: unknown): Error {
  if (!isNativeError(error)) return error instanceof Error ? error : new Error(String(error));
  return new ComponentError(`${sentence(error)}${error.details === '' ? '' : `\n${error.details.trimEnd()}`}`);
}

function sentence(error: NativeError): string {
  switch (error.errno) {
    case 'EPERM':
      return (
        'the kernel refused to load BPF programs (EPERM): run as root (sudo npm start), or give the process CAP_BPF and ' +
        'CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)'
      );
    case 'ENOMEM':
      return `${error.message}: not enough memory for the maps; before Linux 5.11 raise the memlock limit (ulimit -l unlimited)`;
    default:
      return error.code === 'ERR_BTF' ? `${error.message}: a kernel with BTF is needed (Linux 5.8 or later)` : error.message;
  }
}
