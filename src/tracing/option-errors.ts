import type { z } from 'zod';
import { UsageError } from '../core/index.ts';
import { sameName } from './option-wording.ts';
import { traceOptionsSchema } from './options-schema.ts';

/** The one line that says what is wrong with options that do not parse. */
export function invalidOptions({ issues: [issue] }: z.ZodError): UsageError {
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0) {
    const known = Object.keys(traceOptionsSchema.shape);
    const [name = ''] = issue.keys;
    const meant = sameName(name, known);
    const text = `traceGraph: there is no option ${JSON.stringify(name)}`;
    return new UsageError(
      'TRACE_OPTIONS_INVALID',
      meant === undefined ? `${text}.` : `${text}; did you mean ${JSON.stringify(meant)}?`,
      { hint: `The options are ${known.join(', ')} and logger.` },
    );
  }
  return new UsageError('TRACE_OPTIONS_INVALID', `traceGraph: ${issue ? issueText(issue) : 'not valid'}.`);
}

/** Names the option and what is wrong. Of the forms an option can have, the one that was meant is the one that fits furthest. */
function issueText(issue: z.core.$ZodIssue, parents: readonly PropertyKey[] = []): string {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const [meant] = issue.errors
      .flatMap(([first]) => (first === undefined ? [] : [first]))
      .sort((a, b) => b.path.length - a.path.length);
    if (meant !== undefined) return issueText(meant, path);
  }
  return `${path.join('.') || 'options'}: ${issue.message}`;
}
