import { defineConfig } from 'vitest/config';

/** Tests that load BPF programs, or that cause drops on purpose. */
const KERNEL = ['test/{kernel,e2e}/**/*.test.ts', 'test/unit/native/**/*.test.ts', 'test/contract/life_cycle.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/closing_line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,contract}/**/*.test.ts'],
          exclude: KERNEL,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Some hold a server to a promised second while clients attack it: more at once would take its CPU.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'kernel',
          include: KERNEL,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Drops are counted for the whole machine: one file at a time, after all others, so that none sees another's.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
