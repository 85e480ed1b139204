import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Many tests wait for processes that they start: with one worker for each core, a third of the machine would be idle.
    maxWorkers: availableParallelism() + 1,
    // A home of their own per run: no test may write traces or runs into the checkout.
    env: { SLUICE_HOME: '', LANGSMITH_TRACING: 'false' },
    testTimeout: 30_000,
    // Some hooks install packages, start a database or remove both, beside other tests.
    hookTimeout: 120_000,
  },
});
