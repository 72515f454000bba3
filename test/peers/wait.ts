import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLIS = 100;

/** What `look` gives once it isn't undefined; rejects, naming `what` was waited for, after 15 s. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  limitMillis = 15_000,
): Promise<T> {
  const deadline = Date.now() + limitMillis;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limitMillis / 1_000} s for ${what}`);
    await sleep(POLL_MILLIS);
  }
}
