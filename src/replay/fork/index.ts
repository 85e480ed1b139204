export {
  CHECKPOINTER_FORMS,
  type CheckpointSource,
  DEFAULT_CHECKPOINT_TIMEOUT_MS,
  type OpenCheckpointerOptions,
  openCheckpointer,
} from './checkpoint-source.ts';
export {
  type CheckpointFinding,
  type CheckpointReport,
  type DamagedThread,
  type DoctorCheckpointsOptions,
  doctorCheckpoints,
  type Growth,
  type IndexGap,
  size as checkpointSize,
  type TableSize,
} from './doctor/index.ts';
export {
  type Fork,
  type Forked,
  type ForkedAt,
  type ForkOptions,
  forkAtFailure,
  type PrepareForkOptions,
  prepareFork,
} from './fork-at-failure.ts';
