import type { Client } from 'pg';
import { errorMessage, hasErrorCode, NoVerdictError, SluiceError, UsageError } from '../../core/index.ts';
import { loadPg } from './load-peer.ts';
import type { SqlSession } from './sql-session.ts';

/** A connection to Postgres on which nothing can be written. */
export interface PostgresSession extends SqlSession, AsyncDisposable {
  /** `postgres://host:port/database`. */
  readonly place: string;
  /** Schema of the checkpoint tables. */
  readonly schema: string;
}

/**
 * Connects to Postgres and opens a read-only transaction, which sees one state of the tables until it is closed. It is a
 * transaction and not a setting of the session: behind a pooler such as PgBouncer a setting would stay on the connection
 * for the next client, and that may be the agent.
 *
 * @throws UsageError `CHECKPOINTER_INVALID`, `CHECKPOINTER_PACKAGE_MISSING`, `CHECKPOINTER_NO_TABLES`.
 * @throws NoVerdictError `CHECKPOINTER_UNREACHABLE`, `CHECKPOINTER_DENIED`, `CHECKPOINTER_SLOW`, `CHECKPOINTER_FAILED`.
 */
export async function openPostgresSession(
  url: URL,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<PostgresSession> {
  const schema = url.searchParams.get('schema') ?? 'public';
  const place = placeOf(url);
  const { default: pg } = await loadPg().then((module) =>
    'default' in module ? module : { default: module },
  );
  const client: Client = new pg.Client({
    connectionString: url.href,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'sluicegate',
  });
  // A connection that breaks while nothing is asked of it is reported here; the next query reports it again.
  client.on('error', () => {});
  const close = () => client.end().catch(() => {});
  const rows: SqlSession['rows'] = (sql, parameters = []) =>
    client.query<Record<string, unknown>>(sql, [...parameters]).then(
      (result) => result.rows,
      (error: unknown) => {
        throw postgresError(error, place, schema);
      },
    );
  try {
    await client.connect().catch((error: unknown) => {
      throw postgresError(error, place, schema);
    });
    await rows('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await rows(`SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}`);
    await rows(`SET LOCAL lock_timeout = ${Math.ceil(timeoutMs)}`);
    const [found] = await rows(
      'SELECT count(*)::int AS tables FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = ANY($2)',
      [schema, ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes']],
    );
    if (found?.['tables'] !== 3) throw noTables(place, schema);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { place, schema, rows, [Symbol.asyncDispose]: close };
}

/** Host, port and database of a URL; neither user nor password. */
function placeOf(url: URL): string {
  const host = url.searchParams.get('host') ?? url.hostname;
  return `postgres://${host === '' ? 'localhost' : host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`;
}

/** The error that a library has for what there was no table to read from. */
export function noTables(place: string, schema: string): UsageError {
  return new UsageError(
    'CHECKPOINTER_NO_TABLES',
    `${place} has no checkpoint tables in the schema ${JSON.stringify(schema)}.`,
    {
      hint: 'Name the database that the agent writes to, and its schema with ?schema=name where that is not public.',
    },
  );
}

const DENIED = new Set(['28000', '28P01', '42501', '3D000']);
const SLOW = new Set(['57014', '55P03', '25P03']);

/** One of our errors for one of the driver's. Its message never has the password: the driver does not repeat it. */
export function postgresError(thrown: unknown, place: string, schema: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const says = errorMessage(thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown);
  if (code === '42P01') return noTables(place, schema);
  if (DENIED.has(code)) {
    return new NoVerdictError('CHECKPOINTER_DENIED', `${place} does not let this user read: ${says}.`, {
      hint: 'Give a user that may SELECT from the checkpoint tables; it needs nothing more.',
    });
  }
  if (SLOW.has(code)) {
    return new NoVerdictError('CHECKPOINTER_SLOW', `${place} did not answer in time: ${says}.`, {
      hint: 'Try again when the database has less to do, or ask a replica of it.',
    });
  }
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08') && !hasErrorCode(thrown, 'EPIPE')) {
    return new NoVerdictError('CHECKPOINTER_FAILED', `${place} refused a query (${code}): ${says}.`);
  }
  return new NoVerdictError('CHECKPOINTER_UNREACHABLE', `${place} cannot be reached: ${says}.`, {
    hint: 'Check host, port and network; the agent reaches it under the URL in its own configuration.',
  });
}
