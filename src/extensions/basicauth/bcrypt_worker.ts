import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import type { Comparison } from './bcrypt_thread.ts';

/** Compares passwords on a thread of its own, since each takes a tenth of a second or more. */
parentPort?.on('message', ({ password, hash }: { password: string; hash: string }) => {
  const began = performance.now();
  const isEqual = compareSync(password, hash);
  parentPort?.postMessage({ isEqual, millis: performance.now() - began } satisfies Comparison);
});
