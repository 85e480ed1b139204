import { NoVerdictError, sequenceOf } from '../../core/index.ts';
import type { Experiment, ScoredCall } from '../experiment.ts';
import { type MeasuredExample, type Measurement, scoreSettings, toScoreSet } from '../gate/index.ts';
import { BASELINE_SCHEMA_VERSION, type Baseline, type BaselineExample } from './baseline.ts';

/**
 * Makes a baseline of a finished run. Pure.
 *
 * @throws NoVerdictError for a run that cannot stand for the suite: `RUN_EMPTY` without calls, `RUN_PARTIAL` of one
 * split or shard, `RUN_CACHED` with answers of earlier runs, `RUN_NOT_MEASURED` with calls or gated scores that were not
 * measured.
 */
export function toBaseline(experiment: Experiment, acceptedAt: string): Baseline {
  const { head, finishedAt, calls } = experiment;
  if (calls.length === 0)
    throw new NoVerdictError('RUN_EMPTY', `Run ${head.runId} has no calls: nothing to accept.`);
  if (head.split !== undefined)
    throw new NoVerdictError(
      'RUN_PARTIAL',
      `Run ${head.runId} covers the split ${JSON.stringify(head.split)} only: a baseline needs the whole dataset.`,
      { hint: `Run the whole suite first: sluice eval ${head.suite}` },
    );
  if (head.shard !== undefined)
    throw new NoVerdictError(
      'RUN_PARTIAL',
      `Run ${head.runId} is shard ${head.shard.index} of ${head.shard.of}: a baseline needs the whole dataset.`,
      { hint: 'Put the shards together first: sluice eval merge' },
    );
  if (head.cached === true)
    throw new NoVerdictError(
      'RUN_CACHED',
      `Run ${head.runId} took answers of earlier runs: it does not say what the agent does now.`,
      { hint: `Run it without --cache first: sluice eval ${head.suite}` },
    );
  refuseUnmeasured(experiment);
  const { examples } = toScoreSet(experiment);
  return {
    schemaVersion: BASELINE_SCHEMA_VERSION,
    suite: head.suite,
    dataset: head.dataset,
    datasetFingerprint: head.datasetFingerprint,
    target: head.target,
    ...(head.commit === undefined ? {} : { commit: head.commit }),
    runId: head.runId,
    finishedAt,
    acceptedAt,
    repeats: fewestRuns(examples),
    timeoutMs: head.timeoutMs,
    evaluators: head.evaluators.map(({ key, direction, range, gate, fingerprint, judge }) => ({
      key,
      direction,
      range,
      gate,
      fingerprint,
      ...(judge === undefined ? {} : { judge }),
    })),
    examples: sequenceOf(examples.length, (index) => accepted(examples.at(index))),
  };
}

function fewestRuns(examples: Iterable<MeasuredExample>): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const { calls } of examples) fewest = Math.min(fewest, calls.length);
  return fewest;
}

function accepted(example: MeasuredExample | undefined): BaselineExample {
  if (example === undefined) throw new TypeError('A run has as many examples as it says.');
  const { id, contentHash, critical, calls } = example;
  return {
    id,
    contentHash,
    ...(critical ? { critical: true } : {}),
    calls: calls.map(({ status, scores }) => ({
      status: status === 'agent_failed' ? 'agent_failed' : 'answered',
      scores: Object.fromEntries(
        Object.entries(scores)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, score]) => [key, readable(score)]),
      ),
    })),
  };
}

/** Without the last digits of a sum: ten are far more than the rule's own room for rounding. */
function readable(score: Measurement): Measurement {
  if (typeof score !== 'number') return score;
  const rounded = Number(score.toPrecision(10));
  // The largest numbers there are round up to infinity.
  return Number.isFinite(rounded) ? rounded : score;
}

function refuseUnmeasured({ head, calls }: Experiment): void {
  const hint = `Mend the cause and run it again: sluice eval ${head.suite}`;
  let first: ScoredCall | undefined;
  let unmeasured = 0;
  for (const call of calls) {
    if (call.status !== 'not_measured') continue;
    first ??= call;
    unmeasured += 1;
  }
  if (first !== undefined)
    throw new NoVerdictError(
      'RUN_NOT_MEASURED',
      `Run ${head.runId} has ${unmeasured} of ${calls.length} calls that were not measured, the first for example ${JSON.stringify(first.exampleId)}: ${first.error ?? 'no reason given'}.`,
      { hint },
    );
  for (const call of calls) {
    // Some evaluators have no worst score that a failed agent could be given: nothing is wrong with such a run.
    if (call.status === 'agent_failed') continue;
    for (const [key, score] of Object.entries(call.scores)) {
      if (score.status !== 'not_measured') continue;
      if (scoreSettings(key, head.evaluators)?.gate === false) continue;
      throw new NoVerdictError(
        'RUN_NOT_MEASURED',
        `Run ${head.runId}: ${key} could not be measured for example ${JSON.stringify(call.exampleId)}: ${score.reason}.`,
        { hint },
      );
    }
  }
}
