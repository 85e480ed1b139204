import type { CheckpointSource } from './checkpoint-source.ts';
import { loadPostgresSaver } from './load-peer.ts';
import { openPostgresSession } from './postgres-session.ts';
import { ReadOnlySaver } from './read-only-saver.ts';
import { readingPool } from './sql-session.ts';
import { indexThread } from './thread.ts';

/** Opens the tables of a PostgresSaver; see `openCheckpointer`. */
export async function openPostgres(
  url: URL,
  options: { readonly timeoutMs: number },
): Promise<CheckpointSource> {
  const PostgresSaver = await loadPostgresSaver();
  const session = await openPostgresSession(url, options);
  const { place, schema } = session;
  const pool = readingPool(session) as unknown as ConstructorParameters<typeof PostgresSaver>[0];
  const saver = new ReadOnlySaver(new PostgresSaver(pool, undefined, { schema }), place);
  return {
    kind: 'postgres',
    place,
    saver,
    index: (threadId) => indexThread(session, schema, saver, threadId),
    sharesValues: true,
    notes: [],
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]().then(() => undefined),
  };
}
