import type { EvaluatorInfo } from '../experiment.ts';
import { scoreSettings } from '../gate/index.ts';
import type { Baseline } from './baseline.ts';

/** One score key of a baseline. */
export interface BaselineScore extends Pick<EvaluatorInfo, 'direction' | 'gate'> {
  readonly key: string;
  /** Mean over the repeats of an example, then over the examples that are not critical. Null when nothing was scored. */
  readonly mean: number | null;
  /** Examples in the mean. */
  readonly n: number;
}

/** The means of a baseline, declared evaluators first. */
export function summarizeBaseline(baseline: Baseline): BaselineScore[] {
  const keys = new Set(baseline.evaluators.map((info) => info.key));
  for (const example of baseline.examples)
    for (const call of example.calls)
      for (const [key, score] of Object.entries(call.scores)) if (typeof score === 'number') keys.add(key);
  return [...keys].map((key) => {
    const means = baseline.examples
      .filter((example) => example.critical !== true)
      .flatMap((example) => {
        const scores = example.calls.flatMap((call) => {
          const score = Object.hasOwn(call.scores, key) ? call.scores[key] : null;
          return typeof score === 'number' ? [score] : [];
        });
        return scores.length === 0 ? [] : [average(scores)];
      });
    const settings = scoreSettings(key, baseline.evaluators);
    return {
      key,
      direction: settings?.direction ?? 'higher',
      gate: settings?.gate ?? true,
      mean: means.length === 0 ? null : average(means),
      n: means.length,
    };
  });
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
