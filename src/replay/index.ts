export type { ReplayableGraph } from './player.ts';
export {
  DEFAULT_REPLAY_TIMEOUT_MS,
  type ReplayAnswer,
  type ReplayOptions,
  type ReplayResult,
  type ReplayTarget,
  replayTrace,
} from './replay-trace.ts';
export type { ReplayVerdict, RunDiff, SequenceDiff } from './run-diff.ts';
export type { RunShape, ToolCall } from './run-shape.ts';
