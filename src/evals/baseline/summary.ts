import { sequenceOf } from '../../core/index.ts';
import type { EvaluatorInfo } from '../experiment.ts';
import { type GatePolicy, scoreSettings } from '../gate/index.ts';
import { average, detectableDrop, falseAlarm, flakiness, sumOf } from '../stats/index.ts';
import type { Baseline, BaselineExample } from './baseline.ts';

/** One score key of a baseline. */
export interface BaselineScore extends Pick<EvaluatorInfo, 'direction' | 'gate'> {
  readonly key: string;
  /** Mean over the runs of an example, then over the examples that are not critical. Null when nothing was scored. */
  readonly mean: number | null;
  /** Examples in the mean. */
  readonly n: number;
  /** Mean variance of the scores of one example over its runs; null where no example has two. */
  readonly flakiness: number | null;
}

/** The means of a baseline, declared evaluators first. */
export function summarizeBaseline(baseline: Baseline): BaselineScore[] {
  const keys = new Set(baseline.evaluators.map((info) => info.key));
  for (const example of baseline.examples)
    for (const call of example.calls)
      for (const [key, score] of Object.entries(call.scores)) if (typeof score === 'number') keys.add(key);
  return [...keys].map((key) => {
    const scored = scoresOf(baseline, key);
    const settings = scoreSettings(key, baseline.evaluators);
    const repeated = scored.places.filter((place) => scored.at(place).length > 1);
    const { length } = scored.places;
    return {
      key,
      direction: settings?.direction ?? 'higher',
      gate: settings?.gate ?? true,
      mean: length === 0 ? null : sumOf(scored.places, (place) => average(scored.at(place))) / length,
      n: length,
      flakiness:
        repeated.length === 0
          ? null
          : flakiness(
              sequenceOf(repeated.length, (index) => ({
                baseline: scored.at(repeated[index] ?? 0),
                candidate: [],
                weight: 1,
              })),
            ),
    };
  });
}

/** The examples that have a number under a key and are not critical, and what the numbers are. */
function scoresOf({ examples }: Baseline, key: string) {
  const numbersOf = ({ calls }: BaselineExample) =>
    calls.flatMap(({ scores }) => {
      const score = Object.hasOwn(scores, key) ? scores[key] : null;
      return typeof score === 'number' ? [score] : [];
    });
  const places: number[] = [];
  let place = 0;
  for (const example of examples) {
    if (example.critical !== true && numbersOf(example).length > 0) places.push(place);
    place += 1;
  }
  const at = (index: number) => {
    const example = examples.at(index);
    return example === undefined ? [] : numbersOf(example);
  };
  return { places, at };
}

/** What a run that is compared with a baseline can see under one score key. */
export interface BaselineSight {
  /** Chance that the literal rule, applied once, fails an unchanged agent. */
  readonly falseAlarm: number;
  /** The smallest relative change for the worse that it fails in 80% of runs. */
  readonly detectableDrop: number;
}

/** For a run of `repeats` runs of each example; null where the baseline does not say how much its scores vary. */
export function baselineSight(
  baseline: Baseline,
  { key, mean, n, direction, flakiness: variance }: BaselineScore,
  {
    repeats,
    policy,
  }: { readonly repeats: number; readonly policy: Pick<GatePolicy, 'threshold' | 'evaluators'> },
): BaselineSight | null {
  if (mean === null || mean === 0 || n === 0 || variance === null) return null;
  const own = Object.hasOwn(policy.evaluators, key) ? policy.evaluators[key] : undefined;
  const range = scoreSettings(key, baseline.evaluators)?.range ?? [0, 1];
  const isBounded = range[0] !== null && range[1] !== null;
  // As where nothing varied at all: two examples more, which flip once.
  const flip = isBounded ? (range[1] ?? 1) - (range[0] ?? 0) : Math.abs(mean);
  const guarded = variance > 0 ? variance : (2 * flip ** 2) / (baseline.repeats + repeats) / (n + 2);
  const noise = {
    mean,
    flakiness: guarded,
    threshold: own?.threshold ?? policy.threshold,
    direction,
    spreads: range[0] === 0 && range[1] === 1,
  };
  const layout = { examples: n, baselineRepeats: baseline.repeats, candidateRepeats: repeats };
  return { falseAlarm: falseAlarm(noise, layout), detectableDrop: detectableDrop(noise, layout) };
}
