import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage, hasErrorCode, NoVerdictError, UsageError } from '../../core/index.ts';
import { loadPeer } from './load-peer.ts';
import { noTables } from './postgres-session.ts';
import type { SqlSession } from './sql-session.ts';

/** A copy of a PGlite folder, opened. */
export interface PgliteSession extends SqlSession, AsyncDisposable {
  readonly place: string;
}

/**
 * Copies a PGlite folder to a temporary one (mode 0700, removed when it is closed) and opens that: PGlite writes to what it
 * opens, and two processes on one folder destroy it.
 *
 * @throws UsageError `CHECKPOINTER_NOT_FOUND`, `CHECKPOINTER_PACKAGE_MISSING`, `CHECKPOINTER_NO_TABLES`.
 * @throws NoVerdictError `CHECKPOINTER_UNREACHABLE` when the copy cannot be opened.
 */
export async function openPgliteSession(folder: string): Promise<PgliteSession> {
  const place = `pglite:${folder}`;
  const isData = await stat(join(folder, 'PG_VERSION')).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return undefined;
    throw error;
  });
  if (isData === undefined) {
    throw new UsageError('CHECKPOINTER_NOT_FOUND', `${place} is no folder of a PGlite database.`, {
      hint: 'Name the folder that the agent gives to PGlite; it holds a file PG_VERSION.',
    });
  }
  const { PGlite } = await loadPeer('@electric-sql/pglite', () => import('@electric-sql/pglite'));
  const copy = await mkdtemp(join(tmpdir(), 'sluice-pglite-'));
  try {
    await cp(folder, copy, { recursive: true });
    // The lock of the process that has the original open is not one on the copy.
    await rm(join(copy, 'postmaster.pid'), { force: true });
    const db = await PGlite.create(copy).catch((error: unknown) => {
      throw new NoVerdictError(
        'CHECKPOINTER_UNREACHABLE',
        `${place} cannot be opened: ${errorMessage(error)}.`,
        {
          hint: 'Where the agent is writing just now, try again; a copy made in between may be torn.',
          cause: error,
        },
      );
    });
    const rows: SqlSession['rows'] = async (sql, parameters = []) =>
      (await db.query<Record<string, unknown>>(sql, [...parameters])).rows;
    const [found] = await rows("SELECT to_regclass('public.checkpoint_writes') IS NOT NULL AS present");
    if (found?.['present'] !== true) {
      await db.close();
      throw noTables(place, 'public');
    }
    const close = async () => {
      await db.close();
      await rm(copy, { recursive: true, force: true });
    };
    return { place, rows, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await rm(copy, { recursive: true, force: true });
    throw thrown;
  }
}
