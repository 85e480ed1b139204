export { type Divergence, type DivergenceKind, type DivergencePlace, placeText } from './divergence.ts';
export { diffRuns, judgeReplay, type ReplayVerdict, type RunDiff, type SequenceDiff } from './run-diff.ts';
export { finalAnswer, type RunShape, runShape, type ToolCall } from './run-shape.ts';
export type { DiffLine } from './text-diff.ts';
export {
  type DiffRow,
  diffTraces,
  type MessageRow,
  type RowSide,
  type TraceDiff,
  type TraceDiffOptions,
} from './trace-diff.ts';
export type { FieldChange } from './value-diff.ts';
