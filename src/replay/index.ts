export {
  CASSETTE_SUFFIX,
  type Cassette,
  CassetteDeck,
  type CassettePlayOptions,
  type CassetteVerdict,
  cassetteOf,
  DEFAULT_CASSETTE_FOLDER,
  listCassettes,
  readCassette,
  readCassettes,
  saveCassette,
  type VerifyCassetteOptions,
  verifyCassette,
} from './cassette/index.ts';
export type {
  BlockedCall,
  CallKind,
  CallMatch,
  Played,
  PlayedCall,
  ReplayableGraph,
  ReplayMode,
  ResumePoint,
} from './contract.ts';
export {
  type DiffLine,
  type DiffRow,
  type Divergence,
  type DivergenceKind,
  type DivergencePlace,
  diffTraces,
  type FieldChange,
  type MessageRow,
  type ReplayVerdict,
  type RowSide,
  type RunDiff,
  type RunShape,
  type SequenceDiff,
  type ToolCall,
  type TraceDiff,
  type TraceDiffOptions,
} from './diff/index.ts';
export {
  CHECKPOINTER_FORMS,
  type CheckpointFinding,
  type CheckpointReport,
  type CheckpointSource,
  checkpointSize,
  type DamagedThread,
  type DoctorCheckpointsOptions,
  doctorCheckpoints,
  type Fork,
  type Forked,
  type ForkedAt,
  type ForkOptions,
  forkAtFailure,
  type Growth,
  type IndexGap,
  type OpenCheckpointerOptions,
  openCheckpointer,
  type PrepareForkOptions,
  prepareFork,
  type TableSize,
} from './fork/index.ts';
export type { ReplayAnswer, ReplayTarget } from './play-target.ts';
export {
  type OnMiss,
  openPlayer,
  type PlayedRecording,
  type Player,
  type PlayerOptions,
  type PlayRecordedOptions,
  playRecorded,
} from './player/index.ts';
export { type RecordedCall, type RecordedResult, type Recording, recordingOf } from './recording/index.ts';
export { type ReplayInTest, type ReplayInTestOptions, replay } from './replay.ts';
export {
  type BaselineLane,
  DEFAULT_REPLAY_TIMEOUT_MS,
  isTraceDiff,
  type ReplayOptions,
  type ReplayResult,
  replayTrace,
} from './replay-trace.ts';
export { revive } from './revive.ts';
export { type FoundTrace, openTraceSource, type SourceDeps, type TraceSource } from './sources/index.ts';
export { wireInput } from './wire-input.ts';
