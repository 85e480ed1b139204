import { EXIT, type ExitCode } from '../../core/index.ts';
import { type Baseline, baselineAgeDays, baselineScores } from '../../evals/baseline/index.ts';
import type { Experiment } from '../../evals/experiment.ts';
import {
  gate,
  type ScoreSet,
  toScoreSet,
  type Verdict,
  type VerdictStatus,
  wantsAnotherRound,
} from '../../evals/gate/index.ts';
import type { RunExperimentOptions } from '../../evals/runner/index.ts';
import type { CommandContext } from '../command.ts';
import { loadBaseline } from './baseline-source.ts';
import type { EvalPlan } from './eval-plan.ts';
import type { ReportBaseline } from './eval-report.ts';

/** The decisions of one run: whether to measure on, and the verdict. */
export interface EvalGate {
  /** False: measured only, the exit code says nothing. */
  readonly gated: boolean;
  /** What the run is compared with; absent where it is not gated or none was accepted. */
  readonly baseline?: ReportBaseline | undefined;
  readonly nextRound: RunExperimentOptions['nextRound'];
  verdictOf(experiment: Experiment): Verdict;
}

/** Reads the baseline and makes the gate of a plan. Throws what reading a baseline throws. */
export async function evalGate(
  { head, policy, suite }: Pick<EvalPlan, 'head' | 'policy' | 'suite'>,
  values: {
    readonly noGate: boolean;
    readonly calibrate?: number | undefined;
    readonly baseline?: string | undefined;
  },
  context: CommandContext,
): Promise<EvalGate> {
  // A part of the examples, or the same agent several times over, is not what the baseline is of.
  const gated = !values.noGate && values.calibrate === undefined && head.shard === undefined;
  const accepted = gated
    ? await loadBaseline({ suite: suite.name, file: values.baseline }, context)
    : undefined;
  const baseline = accepted && baselineScores(accepted);
  const shown = accepted && baseline && reported(accepted, baseline);
  return {
    gated,
    baseline: shown,
    nextRound: gated
      ? (soFar) =>
          wantsAnotherRound({
            candidate: toScoreSet(soFar),
            baseline,
            policy,
            suite: suite.name,
            roundsSoFar: soFar.rounds.extra,
          })
      : undefined,
    verdictOf: (experiment) =>
      gate({
        candidate: toScoreSet(experiment),
        baseline,
        policy,
        suite: suite.name,
        rounds: experiment.rounds,
        baselineAgeDays: accepted && baselineAgeDays(accepted, context.clock.now()),
      }),
  };
}

/** Without the raw scores, which are in memory once more as one side of the comparison. */
function reported({ runId, acceptedAt, commit }: Baseline, scores: ScoreSet): ReportBaseline {
  return { runId, acceptedAt, ...(commit === undefined ? {} : { commit }), scores };
}

const EXIT_OF: Readonly<Record<VerdictStatus, ExitCode>> = {
  pass: EXIT.pass,
  fail: EXIT.gateFailed,
  no_verdict: EXIT.noVerdict,
};

/** The exit code of a verdict. */
export function exitOf({ status }: Verdict): ExitCode {
  return EXIT_OF[status];
}
