import { UsageError } from '../../core/index.ts';
import type { Evaluator } from '../evaluator.ts';
import { toEvaluator } from '../evaluators/index.ts';
import { formatPath } from '../schema-issue.ts';
import type { Suite } from './schema.ts';

/**
 * The evaluators of a suite with its exceptions applied.
 *
 * @throws UsageError `EVALUATOR_INVALID` naming the entry, `EVALUATOR_DUPLICATE` for two of one key, and
 * `CONFIG_INVALID` for a minimum of a score of which less is better.
 */
export function suiteEvaluators(suite: Suite, file: string): readonly Evaluator[] {
  const at = (index: number) => `${file}: suite ${suite.name}: evaluators[${index}]`;
  const byKey = new Map<string, number>();
  return suite.evaluators.map((entry, index) => {
    const evaluator = read(() => toEvaluator(entry), at(index));
    const first = byKey.get(evaluator.key);
    if (first !== undefined)
      throw new UsageError(
        'EVALUATOR_DUPLICATE',
        `${at(index)}: has the key ${JSON.stringify(evaluator.key)}, as evaluators[${first}] has.`,
        { hint: 'Give one of them another key: { key, evaluate }.' },
      );
    byKey.set(evaluator.key, index);
    const own = Object.hasOwn(suite.gate.evaluators, evaluator.key)
      ? suite.gate.evaluators[evaluator.key]
      : undefined;
    const direction = own?.direction ?? evaluator.direction;
    if (direction === 'lower' && Object.hasOwn(suite.gate.min, evaluator.key))
      throw new UsageError(
        'CONFIG_INVALID',
        `${file}: suite ${suite.name}: ${formatPath(['gate', 'min', evaluator.key])}: a minimum is for higher-is-better scores.`,
      );
    return { ...evaluator, direction, gate: own?.gate ?? evaluator.gate };
  });
}

/** Says which entry an error is about. */
function read(evaluator: () => Evaluator, where: string): Evaluator {
  try {
    return evaluator();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, `${where}: ${error.message}`, { hint: error.hint, cause: error });
  }
}
