import type { Writable } from 'node:stream';

/** What Node has of a terminal; it isn't documented, and may be missing. */
interface Handle {
  readonly setBlocking?: (isBlocking: boolean) => void;
}

/**
 * Lets writes to a terminal wait in the stream, as those to a pipe do. Node has the process itself wait: nothing else would run while
 * nobody reads the terminal, because its output was stopped with Ctrl-S or the connection to it has died. Other streams stay as they are.
 */
export function neverBlock(stream: Writable): void {
  const { isTTY, _handle: handle } = stream as Writable & { readonly isTTY?: boolean; readonly _handle?: Handle };
  if (isTTY === true) handle?.setBlocking?.(false);
}
