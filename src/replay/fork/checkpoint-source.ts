import { resolve } from 'node:path';
import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { UsageError } from '../../core/index.ts';
import { ReadOnlySaver } from './read-only-saver.ts';
import type { ThreadCheckpoint } from './thread.ts';

/** Where the checkpoints of threads are read from. */
export interface CheckpointSource extends AsyncDisposable {
  readonly kind: 'postgres' | 'sqlite' | 'pglite' | 'server' | 'saver';
  /** Where that is, for messages; no credentials. */
  readonly place: string;
  /** Reads threads; every method that would write rejects with `CHECKPOINT_WRITE_BLOCKED`. */
  readonly saver: ReadOnlySaver;
  /**
   * Whether a value is stored once per version of its channel, so that branches of a thread can hold each other's values:
   * langchain-ai/langgraphjs issue 1812.
   */
  readonly sharesValues: boolean;
  /**
   * Every checkpoint of a thread without its values, oldest first, where that can be had for less than a list of them all.
   */
  readonly index?: (threadId: string) => Promise<readonly ThreadCheckpoint[]>;
  /** What a reader should know about how the threads were read. */
  readonly notes: readonly string[];
}

/** Options of {@link openCheckpointer}. */
export interface OpenCheckpointerOptions {
  /** Longest time that one query or request may take, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** What paths are relative to. Default: the working directory. */
  readonly cwd?: string;
  /** Calls a LangGraph server. Default the global one. */
  readonly fetch?: typeof fetch;
  /** `LANGGRAPH_API_KEY` is sent to a LangGraph server as `x-api-key`. Default: nothing is. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Default of {@link OpenCheckpointerOptions.timeoutMs}. */
export const DEFAULT_CHECKPOINT_TIMEOUT_MS = 30_000;

/** What {@link openCheckpointer} takes, in words for messages and help. */
export const CHECKPOINTER_FORMS =
  'postgres://user@host/db (?schema=name for another schema than public), a SQLite file (sqlite:./threads.db), a PGlite folder (pglite:./pgdata) or a LangGraph server (http://host:port)';

/**
 * Opens checkpoints for reading alone, by URL:
 * - `postgres://…`: one read-only transaction, so that the database itself refuses to write. `?schema=` names the schema
 *   of the tables. Needs @langchain/langgraph-checkpoint-postgres.
 * - `sqlite:path`, or a path that ends in .db, .sqlite or .sqlite3: opened read-only.
 * - `pglite:folder`: a copy of the folder is opened, because PGlite writes to the one it opens. Needs
 *   @electric-sql/pglite and @langchain/langgraph-checkpoint-postgres.
 * - `http(s)://…`: a LangGraph server, by its thread history.
 *
 * `setup()` is called on none of them. Close it with `await using` or
 * `[Symbol.asyncDispose]()`.
 *
 * @throws UsageError `CHECKPOINTER_INVALID`, `CHECKPOINTER_PACKAGE_MISSING`, `CHECKPOINTER_NOT_FOUND`,
 *   `CHECKPOINTER_NO_TABLES`.
 * @throws NoVerdictError `CHECKPOINTER_UNREACHABLE`, `CHECKPOINTER_DENIED`; reading rejects with these, too.
 */
export async function openCheckpointer(
  url: string,
  options: OpenCheckpointerOptions = {},
): Promise<CheckpointSource> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_CHECKPOINT_TIMEOUT_MS;
  const target = parseCheckpointerUrl(url, options.cwd);
  switch (target.kind) {
    case 'postgres':
      return (await import('./postgres-source.ts')).openPostgres(target.url, { timeoutMs });
    case 'pglite':
      return (await import('./pglite-source.ts')).openPglite(target.path);
    case 'sqlite':
      return (await import('./sqlite-source.ts')).openSqlite(target.path, { timeoutMs });
    case 'server':
      return (await import('./server-source.ts')).openServer(target.url, {
        timeoutMs,
        fetch: options.fetch ?? fetch,
        apiKey: options.env?.['LANGGRAPH_API_KEY'],
      });
  }
}

/** What a URL of a checkpointer names. */
export type CheckpointerTarget =
  | { readonly kind: 'postgres' | 'server'; readonly url: URL }
  /** Absolute. */
  | { readonly kind: 'sqlite' | 'pglite'; readonly path: string };

/**
 * Reads a URL of a checkpointer; see {@link openCheckpointer}. Never repeats it in a message: it may hold a password.
 *
 * @param cwd What paths are relative to.
 * @throws UsageError `CHECKPOINTER_INVALID`.
 */
export function parseCheckpointerUrl(text: string, cwd = '.'): CheckpointerTarget {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  const path = text.slice((scheme?.length ?? 0) + 1).replace(/^\/\/(?=\/)/, '');
  if (scheme === 'sqlite' || scheme === 'pglite') {
    if (path === '') throw invalid(`${scheme}: names no path`);
    return { kind: scheme, path: resolve(cwd, path) };
  }
  if (scheme === undefined && /\.(db|sqlite3?)$/i.test(text))
    return { kind: 'sqlite', path: resolve(cwd, text) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (scheme === 'postgres' || scheme === 'postgresql') {
    if (url === undefined)
      throw invalid('the Postgres URL cannot be read (is its password percent-encoded?)');
    return { kind: 'postgres', url };
  }
  if (scheme === 'http' || scheme === 'https') {
    if (url === undefined) throw invalid('the server URL cannot be read');
    return { kind: 'server', url };
  }
  throw invalid(scheme === undefined ? 'it has no scheme' : `it has the scheme ${scheme}:`);
}

function invalid(why: string): UsageError {
  return new UsageError(
    'CHECKPOINTER_INVALID',
    `The URL of the checkpointer is not one that can be read: ${why}.`,
    {
      hint: `Give ${CHECKPOINTER_FORMS}.`,
    },
  );
}

/** A checkpointer that somebody else has opened, and closes, as a source. */
export function sourceOf(
  // biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
  saver: BaseCheckpointSaver<any>,
): CheckpointSource {
  const { name } = saver.constructor;
  return {
    kind: 'saver',
    place: `the ${name} of the graph`,
    saver: new ReadOnlySaver(saver, `the ${name} of the graph`),
    sharesValues: 'SQL_STATEMENTS' in saver,
    notes: [],
    [Symbol.asyncDispose]: async () => {},
  };
}
