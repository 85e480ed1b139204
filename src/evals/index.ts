export type { Baseline } from './baseline/index.ts';
export { baselineScores, formatBaseline, readBaseline, toBaseline, writeBaseline } from './baseline/index.ts';
export { type Config, defineConfig, loadConfig, type Suite, type SuiteConfig } from './config/index.ts';
export {
  contentHash,
  type Dataset,
  datasetFingerprint,
  type ExampleSource,
  loadDataset,
  type OpenDataset,
  openDataset,
  selectSplit,
} from './datasets/index.ts';
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
  type NextRoundOptions,
  type Reason,
  type RoundDecision,
  type ScoreSet,
  toScoreSet,
  type Verdict,
  type VerdictStatus,
  wantsAnotherRound,
} from './gate/index.ts';
export {
  type Evidence,
  type ExampleEvidence,
  type PayloadView,
  payloadView,
  type Results,
  renderHtmlReport,
  renderJunit,
  renderMarkdownSummary,
  renderTerminalReport,
  toResults,
} from './reports/index.ts';
export {
  type AnswerCache,
  acquireRunLock,
  type BudgetLimits,
  type CachedAnswer,
  type ModelPrice,
  type ModelPrices,
  type RoundWish,
  type RunExperimentOptions,
  type RunLock,
  type RunProgress,
  runExperiment,
} from './runner/index.ts';
export { createTarget, type Target, type TargetResult } from './targets/index.ts';
