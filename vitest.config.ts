import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing_line.ts'],
    include: ['test/{unit,contract,kernel,e2e}/**/*.test.ts'],
    // Drops are counted for the whole machine: one file at a time, so that none sees another's.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
