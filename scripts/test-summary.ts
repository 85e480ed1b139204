// Reads the JSON report of vitest for `.ci/run`: a line `passed failed skipped`, then what failed and why.
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The parts of vitest's JSON report that are read here. */
export interface TestReport {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file as a whole failed. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

const MESSAGE_LINES = 6;

/** `passed failed skipped`, and after it each failed test, or file that could not be run, with the first lines of its error. */
export function summarizeTests(report: TestReport, root: string): string {
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  const lines = [`${report.numPassedTests ?? 0} ${report.numFailedTests ?? 0} ${skipped}`];
  for (const file of report.testResults ?? []) {
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    const path = relative(root, file.name);
    for (const test of failed) {
      lines.push(`Failed: ${path} > ${test.fullName}`, ...excerpt(test.failureMessages?.join('\n')));
    }
    if (failed.length === 0 && file.status === 'failed') {
      lines.push(`Failed: ${path}`, ...excerpt(file.message));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function excerpt(message = ''): readonly string[] {
  return message
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, MESSAGE_LINES)
    .map((line) => `  ${line}`);
}

const isProgram =
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  const [, , path = ''] = process.argv;
  const report: TestReport = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  process.stdout.write(summarizeTests(report, process.cwd()));
}
