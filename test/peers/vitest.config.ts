import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'peers',
    root: join(import.meta.dirname, '..', '..'),
    include: ['test/peers/*.test.ts'],
    // Each file starts an agent of its own, and an agent counts for the whole node: one at a time says more when one fails.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose', './test/vitest/closing_line.ts'],
  },
});
