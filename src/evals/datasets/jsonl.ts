import { errorMessage } from '../../core/index.ts';
import type { FormatIssue, RawExample, Reading } from './raw-example.ts';
import { textLines } from './text-lines.ts';

/** Reads JSON Lines: one example a line. Blank lines are skipped. */
export function readJsonl(bytes: Buffer): Reading {
  const examples: RawExample[] = [];
  const issues: FormatIssue[] = [];
  for (const read of textLines(bytes)) {
    const { line } = read;
    if (!('text' in read)) {
      issues.push({ line, message: read.issue });
      continue;
    }
    if (read.text.trim() === '') continue;
    try {
      const value: unknown = JSON.parse(read.text);
      examples.push({ value, line, lineOf: () => line });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      issues.push({ line, message: `is not valid JSON: ${errorMessage(error).replace(/\.$/, '')}` });
    }
  }
  return { examples, issues };
}
