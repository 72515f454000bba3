import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Native from '../../../native/index.js';
import { ComponentError } from '../../component/errors.ts';

export type {
  Attachment,
  Flows,
  InterfaceName,
  KernelFacts,
  KernelReason,
  Layout,
  NativeError,
  Probe,
  ProbeOptions,
  Row,
  SymbolRange,
  User,
} from '../../../native/index.js';

const require = createRequire(import.meta.url);
/** Found through package.json's `imports`, which work both in src/ and in the bundle. */
const root = dirname(require.resolve('#package.json'));

/** The compiled BPF programs. */
export const BPF_OBJECT = `${root}/build/dropreason.bpf.o`;

let loaded: typeof Native | undefined;

/** The addon, loaded on first use. Throws a ComponentError if it hasn't been built. */
export function native(): typeof Native {
  if (loaded !== undefined) return loaded;
  for (const file of [`${root}/build/dropreason.node`, BPF_OBJECT]) {
    if (!existsSync(file)) throw new ComponentError(`${file} is missing: run "npm run build" in ${root}`);
  }
  loaded = require('#native') as typeof Native;
  return loaded;
}

/** Whether an error came from the addon. */
export function isNativeError(error: unknown): error is Native.NativeError {
  return error instanceof Error && 'details' in error && 'errno' in error && 'code' in error;
}
