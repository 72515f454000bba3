import type { Writable } from 'node:stream';

/** Node's handle of a terminal. It is undocumented and may be missing. */
interface Handle {
  readonly setBlocking?: (isBlocking: boolean) => void;
}

/**
 * Queues writes to a terminal in the stream, as for a pipe. By default Node blocks the process: nothing else would run while the terminal
 * is not read, for example after Ctrl-S or after its connection died. Other streams are unchanged.
 */
export function neverBlock(stream: Writable): void {
  const { isTTY, _handle: handle } = stream as Writable & { readonly isTTY?: boolean; readonly _handle?: Handle };
  if (isTTY === true) handle?.setBlocking?.(false);
}
