/** A table of checkpoints. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  /** Whether the rows were counted; else it is what the database estimates. */
  readonly exact: boolean;
  /** Rows with what is stored beside them, in bytes; undefined where the database cannot tell it by table. */
  readonly tableBytes: number | undefined;
  readonly indexBytes: number | undefined;
}

/** A thread of which two branches wrote the same version of a channel: see `versionCollisions`. */
export interface DamagedThread {
  readonly threadId: string;
  /** Channels with such a version. */
  readonly channels: readonly string[];
  /** Checkpoints that wrote one and were not the first, so that they may read back as something else. */
  readonly checkpoints: readonly string[];
  /** Whether the newest checkpoint holds such a value: the next run on the thread goes on from it. */
  readonly isHeadDamaged: boolean;
}

/** What no checkpoint refers to any more. */
export interface Orphans {
  readonly rows: number;
  readonly bytes: number;
}

/** An index that there should be. */
export interface IndexGap {
  readonly table: string;
  readonly columns: readonly string[];
  /** `primary-key`: writes and reads depend on it. `by-age`: removing old checkpoints would read the whole table. */
  readonly kind: 'primary-key' | 'by-age';
}

/** How many checkpoints were made within a span of time. */
export interface Bucket {
  readonly fromMs: number;
  readonly checkpoints: number;
}

/** What was not looked at, because it took longer than the time limit. */
export type Skipped = 'skipped';

/** Everything that was seen of a database of checkpoints. */
export interface CheckpointFacts {
  readonly kind: 'postgres' | 'pglite' | 'sqlite';
  /** Where it is; no credentials. */
  readonly place: string;
  /** What all tables take with their indexes, in bytes. */
  readonly totalBytes: number;
  readonly tables: readonly TableSize[];
  /** Threads looked at; all of them unless {@link isSample}. */
  readonly threads: number;
  /** Whether only some of the threads were looked at, because the tables are large. */
  readonly isSample: boolean;
  /** Undefined where the database cannot have such damage. */
  readonly damaged: readonly DamagedThread[] | Skipped | undefined;
  readonly orphanedWrites: Orphans | Skipped;
  /** Undefined where values are stored with their checkpoints. */
  readonly orphanedValues: Orphans | Skipped | undefined;
  readonly indexGaps: readonly IndexGap[];
  /** Checkpoints by time, oldest first, over the whole database. */
  readonly buckets: readonly Bucket[] | Skipped;
}
