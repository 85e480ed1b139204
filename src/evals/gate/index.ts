export { type Calibration, type CalibrationOptions, calibrate } from './calibration.ts';
export { callsByExample } from './calls-by-example.ts';
export { formatChange, formatPercent, formatScore } from './format-number.ts';
export { type GateOptions, gate, type NextRoundOptions, wantsAnotherRound } from './gate.ts';
export { BASELINE_REPEATS } from './gate-advice.ts';
export type { RoundDecision } from './next-round.ts';
export {
  DEFAULT_ALPHA,
  DEFAULT_BASELINE_MAX_AGE_DAYS,
  DEFAULT_MAX_EXTRA_ROUNDS,
  DEFAULT_THRESHOLD,
  type GatePolicy,
  type KeyPolicy,
  RERUNS,
  type Rerun,
} from './policy.ts';
export {
  type MeasuredCall,
  type MeasuredExample,
  type Measurement,
  type ScoreSet,
  toMeasurement,
  toScoreSet,
} from './score-set.ts';
export { ownerOf, scoreSettings } from './score-settings.ts';
export {
  type CriticalVerdict,
  type EvaluatorStatistics,
  type EvaluatorVerdict,
  type ExampleChange,
  GATE_RULES,
  type GateRule,
  type Reason,
  type RoundStop,
  type Verdict,
  type VerdictLabel,
  type VerdictStatus,
  verdictSchema,
} from './verdict.ts';
