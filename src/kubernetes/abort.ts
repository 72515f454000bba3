import { setTimeout } from 'node:timers/promises';

/** Resolves after `millis`, or as soon as `signal` is aborted. Leaves no timer. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await setTimeout(millis, undefined, { signal }).catch(() => {});
}

/** Like `promise`, but rejects with the signal's reason as soon as it is aborted. The later result of `promise` is ignored. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
