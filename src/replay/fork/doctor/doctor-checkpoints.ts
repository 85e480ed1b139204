import { type Clock, systemClock, UsageError } from '../../../core/index.ts';
import { DEFAULT_CHECKPOINT_TIMEOUT_MS, parseCheckpointerUrl } from '../checkpoint-source.ts';
import { type CheckpointReport, checkpointReport } from './checkpoint-report.ts';

/** Options of {@link doctorCheckpoints}. */
export interface DoctorCheckpointsOptions {
  /** Longest time that one query may take, in milliseconds; what takes longer is reported as skipped. Default 30,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** What paths are relative to. Default: the working directory. */
  readonly cwd?: string;
}

/**
 * Looks for what goes wrong with checkpoints unseen: threads damaged by a version collision, writes and values that belong
 * to no checkpoint, missing indexes, and growth. Reads alone, in a read-only transaction, and of large tables a sample.
 *
 * @param url As for `openCheckpointer`: Postgres, SQLite or PGlite.
 * @throws UsageError `DOCTOR_CHECKPOINTS_SERVER` for a LangGraph server, which does not show its tables, and with
 * NoVerdictError what `openCheckpointer` throws.
 */
export async function doctorCheckpoints(
  url: string,
  options: DoctorCheckpointsOptions = {},
): Promise<CheckpointReport> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_CHECKPOINT_TIMEOUT_MS;
  const nowMs = (options.clock ?? systemClock()).now();
  const target = parseCheckpointerUrl(url, options.cwd);
  switch (target.kind) {
    case 'server':
      throw new UsageError(
        'DOCTOR_CHECKPOINTS_SERVER',
        'A LangGraph server does not show the tables of its checkpoints.',
        {
          hint: 'Give the URL of the database that it keeps them in.',
        },
      );
    case 'postgres': {
      const { openPostgresSession } = await import('../postgres-session.ts');
      const { postgresFacts } = await import('./postgres-facts.ts');
      await using session = await openPostgresSession(target.url, { timeoutMs });
      const { place, schema } = session;
      return checkpointReport(
        await postgresFacts(session, { kind: 'postgres', place, schema, nowMs }),
        nowMs,
      );
    }
    case 'pglite': {
      const { openPgliteSession } = await import('../pglite-session.ts');
      const { postgresFacts } = await import('./postgres-facts.ts');
      await using session = await openPgliteSession(target.path);
      await session.rows('BEGIN TRANSACTION READ ONLY');
      const { place } = session;
      return checkpointReport(
        await postgresFacts(session, { kind: 'pglite', place, schema: 'public', nowMs }),
        nowMs,
      );
    }
    case 'sqlite': {
      const { openSqliteFile } = await import('../sqlite-source.ts');
      const { sqliteFacts } = await import('./sqlite-facts.ts');
      const database = openSqliteFile(target.path, { timeoutMs });
      try {
        return checkpointReport(sqliteFacts(database, { place: `sqlite:${target.path}`, nowMs }), nowMs);
      } finally {
        database.close();
      }
    }
  }
}
