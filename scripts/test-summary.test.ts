import { expect, it } from 'vitest';
import { summarizeTests } from './test-summary.ts';

it('counts the tests, and names each failed one with the start of its error', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      {
        name: '/repo/src/a.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'adds', status: 'passed', failureMessages: [] },
          {
            fullName: 'sums up',
            status: 'failed',
            failureMessages: [`AssertionError: expected 1 to be 2\n\n${'    at x\n'.repeat(9)}`],
          },
        ],
      },
      { name: '/repo/src/b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
      { name: '/repo/src/c.test.ts', status: 'passed', message: '', assertionResults: [] },
    ],
  };
  expect(summarizeTests(report, '/repo').split('\n')).toEqual([
    '7 1 3',
    'Failed: src/a.test.ts > sums up',
    '  AssertionError: expected 1 to be 2',
    ...Array(5).fill('      at x'),
    'Failed: src/b.test.ts',
    '  Cannot find module',
    '',
  ]);
});

it('counts nothing where there is no report', () => {
  expect(summarizeTests({}, '/repo')).toBe('0 0 0\n');
});
