import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests of what belongs to a whole process: its signals and module hooks, the globals of OpenTelemetry, the patches of LangChain. */
const OF_A_PROCESS = [
  'src/loading/**/*.test.ts',
  'src/tracing/{direct-callbacks,otel}/**/*.test.ts',
  'src/tracing/{lifecycle,langsmith-tree/langchain-tracer,langsmith-tree/run-tree-place}.test.ts',
];

export default defineConfig({
  test: {
    // Many tests wait for processes that they start: with one worker for each core, a third of the machine would be idle.
    maxWorkers: availableParallelism() + 1,
    // A home of their own per run: no test may write traces or runs into the checkout.
    env: { SLUICE_HOME: '', LANGSMITH_TRACING: 'false' },
    setupFiles: ['test/support/seeded-properties.ts'],
    // For what hangs. A test that starts processes takes four times as long beside others as by itself.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['src/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...OF_A_PROCESS],
          // They leave nothing behind in the process: loading LangChain for each takes longer than most of them.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: [...OF_A_PROCESS, 'test/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
        },
      },
    ],
  },
});
