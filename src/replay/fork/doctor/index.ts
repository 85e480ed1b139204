export type { DamagedThread, IndexGap, TableSize } from './checkpoint-facts.ts';
export { type CheckpointFinding, type CheckpointReport, type Growth, size } from './checkpoint-report.ts';
export { type DoctorCheckpointsOptions, doctorCheckpoints } from './doctor-checkpoints.ts';
