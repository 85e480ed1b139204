import type { Experiment, ScoredCall } from '../../evals/experiment.ts';
import { type Calibration, calibrate, type GatePolicy, toScoreSet } from '../../evals/gate/index.ts';
import { plainText } from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';

/** What {@link reportCalibration} reports. */
export interface CalibrationReport {
  /** The unchanged agent, each example run several times. */
  readonly experiment: Experiment;
  readonly policy: GatePolicy;
  /** Print the figures as JSON to standard output. */
  readonly json: boolean;
}

/** Plays the gate on an agent against itself and prints how often chance alone would have failed it. */
export function reportCalibration(
  { experiment, policy, json }: CalibrationReport,
  { stdout }: Pick<CommandContext, 'stdout'>,
): void {
  const { head } = experiment;
  const rounds = roundsOf(experiment).map((calls) => toScoreSet({ head, calls }));
  const calibration = calibrate({ rounds, policy, suite: head.suite });
  if (json)
    stdout.write(`${JSON.stringify({ suite: head.suite, runId: head.runId, ...calibration }, null, 2)}\n`);
  else stdout.write(renderCalibration(calibration, head.repeats));
}

/** The calls of each repeat. */
function roundsOf({ head, calls }: Experiment): readonly (readonly ScoredCall[])[] {
  const rounds = Array.from({ length: head.repeats }, (): ScoredCall[] => []);
  for (const call of calls) rounds[call.repeat]?.push(call);
  return rounds;
}

/** The figures for people. */
export function renderCalibration(calibration: Calibration, runs: number): string {
  const { failedByChance, failedOnce, noVerdict, of, baselineRounds, extraRounds, perEvaluator } =
    calibration;
  const share = (count: number) => `${((100 * count) / of).toFixed(1)}%`;
  const lines = [
    `Calibration: the unchanged agent, ${runs} runs of every example, ${of} splits into a baseline of ${baselineRounds} and a candidate.`,
    `  the gate would have failed it in ${share(failedByChance)} of them, with ${extraRounds.average.toFixed(1)} of at most ${extraRounds.possible} extra rounds`,
    `  the literal rule, applied once, in ${share(failedOnce)}`,
    ...(noVerdict === 0 ? [] : [`  no verdict in ${share(noVerdict)}: measurements are missing`]),
    ...perEvaluator.map(({ key, failedByChance: failed, expected }) => {
      const foretold =
        expected === null ? '' : `, applied once and by its figures ${(100 * expected).toFixed(1)}%`;
      return `  ${plainText(key)}: ${share(failed)}${foretold}`;
    }),
    'The splits share runs: with few of them these are rough figures. More examples or repeats make them smaller.',
  ];
  return `${lines.join('\n')}\n`;
}
