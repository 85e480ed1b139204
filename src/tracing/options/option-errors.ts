import type { z } from 'zod';
import { UsageError } from '../../core/index.ts';
import { issueText, sameName } from '../option-wording.ts';
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
