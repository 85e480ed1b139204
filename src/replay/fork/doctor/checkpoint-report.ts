import type { Bucket, CheckpointFacts, DamagedThread, IndexGap } from './checkpoint-facts.ts';
import { BUCKET_MS, uuid6From } from './uuid6-time.ts';

const DAY_MS = 86_400_000;
/** Growth is measured over this many days. */
const WINDOW_DAYS = 7;
/** Retentions that a size is worked out for, in days. */
const RETENTION_DAYS = [7, 30, 90] as const;

/** One thing that was looked at. */
export interface CheckpointFinding {
  readonly name: 'damaged-threads' | 'orphaned-writes' | 'orphaned-values' | 'indexes' | 'growth';
  /** `fail`: state is wrong, or writes will fail. `warn`: it costs space or time. `skipped`: it took too long to tell. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped';
  /** One line. */
  readonly says: string;
  /** The way out, where there is something to mend. */
  readonly hint?: string;
}

/** How fast checkpoints come in. */
export interface Growth {
  readonly bytesPerDay: number;
  readonly checkpointsPerDay: number;
  /** Days that it was measured over, at most 7. */
  readonly days: number;
}

/** What a database of checkpoints looks like; printed as JSON by `sluice doctor --checkpoints`. */
export interface CheckpointReport {
  readonly schemaVersion: 1;
  readonly kind: CheckpointFacts['kind'];
  readonly place: string;
  readonly findings: readonly CheckpointFinding[];
  readonly damagedThreads: readonly DamagedThread[];
  readonly indexGaps: readonly IndexGap[];
  readonly tables: CheckpointFacts['tables'];
  readonly totalBytes: number;
  readonly threads: number;
  /** Whether only some of the threads were looked at. */
  readonly isSample: boolean;
  /** Undefined when there is too little to tell. */
  readonly growth: Growth | undefined;
  /** What the database would take if checkpoints were kept for so many days; empty without growth. */
  readonly retention: readonly { readonly days: number; readonly bytes: number }[];
}

/** Judges what was seen of a database of checkpoints. Pure. */
export function checkpointReport(facts: CheckpointFacts, nowMs: number): CheckpointReport {
  const growth = facts.buckets === 'skipped' ? undefined : growthOf(facts.buckets, facts.totalBytes, nowMs);
  return {
    schemaVersion: 1,
    kind: facts.kind,
    place: facts.place,
    findings: [
      damagedFinding(facts),
      orphansFinding('orphaned-writes', facts),
      ...(facts.orphanedValues === undefined ? [] : [orphansFinding('orphaned-values', facts)]),
      indexFinding(facts),
      growthFinding(facts, growth, nowMs),
    ],
    damagedThreads: Array.isArray(facts.damaged) ? facts.damaged : [],
    indexGaps: facts.indexGaps,
    tables: facts.tables,
    totalBytes: facts.totalBytes,
    threads: facts.threads,
    isSample: facts.isSample,
    growth,
    retention:
      growth === undefined
        ? []
        : RETENTION_DAYS.map((days) => ({ days, bytes: Math.round(growth.bytesPerDay * days) })),
  };
}

/**
 * Growth per day: the checkpoints of the last seven days (of fewer, where the oldest is younger; of one at least), each
 * taken to weigh as much as the average one does.
 */
export function growthOf(buckets: readonly Bucket[], totalBytes: number, nowMs: number): Growth | undefined {
  const total = buckets.reduce((sum, { checkpoints }) => sum + checkpoints, 0);
  const [oldest] = buckets;
  if (oldest === undefined || total === 0) return undefined;
  const days = Math.min(WINDOW_DAYS, Math.max(1, (nowMs - oldest.fromMs) / DAY_MS));
  const recent = buckets
    .filter(({ fromMs }) => fromMs + BUCKET_MS > nowMs - days * DAY_MS)
    .reduce((sum, { checkpoints }) => sum + checkpoints, 0);
  const checkpointsPerDay = recent / days;
  return { checkpointsPerDay, bytesPerDay: (checkpointsPerDay * totalBytes) / total, days };
}

function lookedAt({ threads, isSample }: CheckpointFacts): string {
  const noun = threads === 1 ? 'thread' : 'threads';
  return isSample ? `a sample of ${threads} ${noun}` : `${threads} ${noun}`;
}

const skipped = (name: CheckpointFinding['name']): CheckpointFinding => ({
  name,
  status: 'skipped',
  says: 'Not looked at: it took longer than the time limit.',
  hint: 'Ask a replica, or at a quieter time.',
});

function damagedFinding(facts: CheckpointFacts): CheckpointFinding {
  const name = 'damaged-threads';
  const { damaged } = facts;
  if (damaged === 'skipped') return skipped(name);
  if (damaged === undefined) {
    return { name, status: 'ok', says: 'Values are stored with their checkpoints: branches cannot mix.' };
  }
  if (damaged.length === 0) {
    return { name, status: 'ok', says: `No version collision in ${lookedAt(facts)}.` };
  }
  const heads = damaged.filter(({ isHeadDamaged }) => isHeadDamaged).length;
  const go = heads === 0 ? '' : `; ${heads} of them would go on from wrong values`;
  return {
    name,
    status: 'fail',
    says: `${damaged.length} of ${lookedAt(facts)} can hold values of another branch (langchain-ai/langgraphjs issue 1812)${go}.`,
    hint: 'What was lost cannot be read back. For new threads, use a subclass of PostgresSaver whose getNextVersion gives a zero-padded integer and a random fraction, as text. Do not edit states or go back to old checkpoints of the threads there are.',
  };
}

function orphansFinding(
  name: 'orphaned-writes' | 'orphaned-values',
  facts: CheckpointFacts,
): CheckpointFinding {
  const orphans = name === 'orphaned-writes' ? facts.orphanedWrites : facts.orphanedValues;
  if (orphans === 'skipped') return skipped(name);
  const what = name === 'orphaned-writes' ? 'writes of tasks' : 'values of channels';
  if (orphans === undefined || orphans.rows === 0) {
    return { name, status: 'ok', says: `All ${what} belong to a checkpoint, in ${lookedAt(facts)}.` };
  }
  return {
    name,
    status: 'warn',
    says: `${orphans.rows} ${what} (${size(orphans.bytes)}) belong to no checkpoint, in ${lookedAt(facts)}.`,
    hint: 'Checkpoints were deleted without what belongs to them. Remove threads with deleteThread of the checkpointer, which takes all of it.',
  };
}

function indexFinding({ indexGaps }: CheckpointFacts): CheckpointFinding {
  const name = 'indexes';
  const [gap] = indexGaps.toSorted((a, b) => (a.kind === b.kind ? 0 : a.kind === 'primary-key' ? -1 : 1));
  if (gap === undefined) return { name, status: 'ok', says: 'Every table has its primary key.' };
  const columns = gap.columns.join(', ');
  if (gap.kind === 'by-age') {
    return {
      name,
      status: 'warn',
      says: `${gap.table} has no index that begins with ${columns}: to find old checkpoints reads the whole table.`,
      hint: `CREATE INDEX CONCURRENTLY ON ${gap.table} (${columns})`,
    };
  }
  const tables = indexGaps.filter(({ kind }) => kind === 'primary-key').map(({ table }) => table);
  return {
    name,
    status: 'fail',
    says: `${tables.join(', ')} ${tables.length === 1 ? 'has' : 'have'} no primary key: every read scans the table, and writes fail or double.`,
    hint: `ALTER TABLE ${gap.table} ADD PRIMARY KEY (${columns})`,
  };
}

function growthFinding(facts: CheckpointFacts, growth: Growth | undefined, nowMs: number): CheckpointFinding {
  const name = 'growth';
  if (facts.buckets === 'skipped') return skipped(name);
  if (growth === undefined) return { name, status: 'ok', says: 'There are no checkpoints yet.' };
  const oldestMs = facts.buckets[0]?.fromMs ?? nowMs;
  const ageDays = Math.max(0, Math.round((nowMs - oldestMs) / DAY_MS));
  const rate = `${size(facts.totalBytes)} now, the oldest ${ageDays} days old; ${size(growth.bytesPerDay)} and ${Math.round(growth.checkpointsPerDay)} checkpoints more per day`;
  if (ageDays <= 90) return { name, status: 'ok', says: `${rate}.` };
  return {
    name,
    status: 'warn',
    says: `${rate}. Nothing seems to be removed.`,
    hint: `To keep 30 days (${size(growth.bytesPerDay * 30)}), call deleteThread for threads whose newest checkpoint_id sorts before '${uuid6From(nowMs - 30 * DAY_MS)}'.`,
  };
}

/** Bytes in the unit that suits them. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}
