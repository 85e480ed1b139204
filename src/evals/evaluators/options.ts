import type { z } from 'zod';
import { UsageError } from '../../core/index.ts';

/**
 * Parses the options of an evaluator.
 *
 * @throws UsageError `EVALUATOR_INVALID` naming the evaluator and the field.
 */
export function parseOptions<Output>(evaluator: string, schema: z.ZodType<Output>, options: unknown): Output {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new UsageError(
    'EVALUATOR_INVALID',
    `Evaluator ${evaluator}${field === '' ? '' : `, ${field}`}: ${issue?.message ?? 'not valid'}.`,
  );
}
