import { setImmediate as turn } from 'node:timers/promises';

/** Runs `work`. Returns in milliseconds how long it took, and the longest time for which nothing else could run. */
export async function blockedBy(work: () => Promise<unknown>): Promise<{ readonly all: number; readonly blocked: number }> {
  let [blocked, isDone] = [0, false];
  const watch = (async () => {
    for (let last = performance.now(); !isDone; ) {
      await turn();
      const now = performance.now();
      blocked = Math.max(blocked, now - last);
      last = now;
    }
  })();
  const began = performance.now();
  await work();
  const all = performance.now() - began;
  isDone = true;
  await watch;
  return { all, blocked };
}
