import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Native from '../../../native/index.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const OBJECT = `${ROOT}build/dropreason.bpf.o`;

export const native = createRequire(import.meta.url)(`${ROOT}native/index.js`) as typeof Native;

/** The program that counts packets on this kernel. */
export const program = () => (native.kernelFacts().casts ? 'kfree_skb' : 'kfree_skb_copy');

/** A group of programs that name their tracepoints themselves. */
export const group = (...programs: string[]): Native.Attachment[] => programs.map((name) => ({ program: name, target: '' }));

/** Options of a small probe. */
export function options(more: object = {}): Native.ProbeOptions {
  return {
    object: OBJECT,
    reasons: 10,
    unspecified: 2,
    netfilter: 7,
    attributes: 0,
    attributesMaxEntries: 16,
    atomic: false,
    reasoned: true,
    notes: false,
    rescue: false,
    fragments: undefined,
    lists: undefined,
    hints: new Uint8Array(256),
    flows: undefined,
    pin: undefined,
    ...more,
  };
}

/** What `act` throws, as the addon's own error; an error of this test where it throws nothing. */
export function thrownBy(act: () => unknown): Native.NativeError {
  try {
    act();
  } catch (error) {
    return error as Native.NativeError;
  }
  throw new Error('nothing was thrown');
}
