export type { Baseline } from './baseline/index.ts';
export { baselineScores, formatBaseline, readBaseline, toBaseline, writeBaseline } from './baseline/index.ts';
export { type Config, defineConfig, loadConfig, type Suite, type SuiteConfig } from './config/index.ts';
export { contentHash, type Dataset, datasetFingerprint, loadDataset, selectSplit } from './datasets/index.ts';
export type {
  EvaluatedRun,
  EvaluationResult,
  Evaluator,
  EvaluatorArgs,
  EvaluatorFunction,
  EvaluatorReturn,
  EvaluatorSettings,
} from './evaluator.ts';
export {
  containsAll,
  type EvaluatorEntry,
  exactMatch,
  hasResolution,
  latency,
  noError,
  toEvaluator,
  tokens,
  toolTrajectory,
} from './evaluators/index.ts';
export type { Example } from './example.ts';
export type { Experiment, ExperimentHead, Score, ScoredCall } from './experiment.ts';
export {
  type EvaluatorVerdict,
  type ExampleChange,
  type GateOptions,
  type GatePolicy,
  gate,
  type Reason,
  type ScoreSet,
  toScoreSet,
  type Verdict,
  type VerdictStatus,
} from './gate/index.ts';
export { type Results, renderMarkdownSummary, renderTerminalReport, toResults } from './reports/index.ts';
export {
  acquireRunLock,
  type RunExperimentOptions,
  type RunLock,
  type RunProgress,
  runExperiment,
} from './runner/index.ts';
export { createTarget, type Target, type TargetResult } from './targets/index.ts';
