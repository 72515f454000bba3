import { defineConfig } from 'vitest/config';
import { KernelFirst } from './test/vitest/kernel_first.ts';

const SLOW = 'test/unit/**/*.slow.test.ts';
/** Tests whose result is of the whole machine: other tests' drops or programs would be in it. */
const MACHINE = ['test/e2e/**/*.test.ts', 'test/unit/native/**/*.test.ts', 'test/contract/life_cycle.test.ts'];
const LIMITS = { testTimeout: 60_000, hookTimeout: 60_000 };
const MAX_WORKERS = 3;

export default defineConfig({
  test: {
    reporters: ['default', './test/vitest/closing_line.ts'],
    sequence: { sequencer: KernelFirst },
    projects: [
      {
        test: {
          ...LIMITS,
          name: 'unit',
          include: ['test/{unit,contract}/**/*.test.ts'],
          exclude: [...MACHINE, SLOW],
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...LIMITS,
          // Beside the unit tests: each counts what is dropped in its own namespaces, and waits most of the time.
          name: 'kernel',
          include: ['test/kernel/*.test.ts'],
          globalSetup: './test/kernel/build_tools.ts',
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...LIMITS,
          // Many rounds, or an attack: some hold a server to a promised second, and more at once would take its CPU.
          name: 'slow',
          include: [SLOW],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...LIMITS,
          name: 'machine',
          include: MACHINE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
