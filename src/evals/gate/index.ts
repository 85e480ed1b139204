export { formatChange, formatPercent, formatScore } from './format-number.ts';
export { type GateOptions, gate } from './gate.ts';
export { DEFAULT_THRESHOLD, type GatePolicy, type KeyPolicy } from './policy.ts';
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
  type EvaluatorVerdict,
  type ExampleChange,
  type Reason,
  type Verdict,
  type VerdictStatus,
  verdictSchema,
} from './verdict.ts';
