import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Their tests leave nothing behind in the process, and can share one: loading LangChain takes longer than most of them. */
const SHARING = ['core', 'evals', 'store', 'serve', 'replay', 'cli'].map(
  (name) => `src/${name}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // Many tests wait for processes that they start: with one worker for each core, a third of the machine would be idle.
    maxWorkers: availableParallelism() + 1,
    // A home of their own per run: no test may write traces or runs into the checkout.
    env: { SLUICE_HOME: '', LANGSMITH_TRACING: 'false' },
    testTimeout: 30_000,
    // Some hooks install packages, start a database or remove both, beside other tests.
    hookTimeout: 120_000,
    // As long as `test/support/eventually.ts` waits.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: 'shared', include: SHARING, isolate: false } },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARING],
        },
      },
    ],
  },
});
